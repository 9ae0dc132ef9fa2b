#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <tessera/base/options.hpp>
#include <tessera/base/random.hpp>
#include <tessera/batch/batch.hpp>
#include <tessera/batch/masking.hpp>

namespace tessera::batch {

/// How bursts become pre-training sequences [CLS] A [SEP] B [SEP].
struct PretrainDataConfig {
    std::int64_t sequence_length = 128;  ///< ids of a sequence, S
    std::int64_t min_burst_tokens = 8;   ///< shorter bursts are no samples
    double same_origin_share = 0.5;      ///< pairs whose halves come from one burst
    std::string pairing = "blind";       ///< or "as-coded", see make_pretrain_sample
    MaskingConfig masking;
};

/// The settings as options of section "data".
void describe(base::OptionTable& options, PretrainDataConfig& config);

/// Error(usage) names the first setting that makes no sample.
void check(PretrainDataConfig const& config);

/// Longest half that fits: (S - 3) / 2.
std::int64_t longest_half(PretrainDataConfig const& config);

/// Tokens in each half of a burst: at least one token in its middle stays out, so that no byte
/// stands in both halves.
constexpr std::size_t half_size(std::size_t burst_tokens) {
    return burst_tokens == 0 ? 0 : (burst_tokens - 1) / 2;
}

/// By the numbers of BERT's next-sentence label, which ET-BERT's weights and Hugging Face go by
/// too.
enum class Origin : std::uint8_t { same = 0, different = 1 };

struct PretrainSample {
    std::vector<std::int64_t> ids;  ///< masked
    std::size_t second_begin = 0;   ///< first id of segment 1 (B and its [SEP])
    MaskedPlaces masked;
    Origin origin = Origin::different;
    std::uint64_t key = 0;     ///< see Sequences::keys
    std::uint64_t sample = 0;  ///< see Sequences::samples
};

/// A pair of halves and its masks. A = start of the first half of `burst`; B = start of the second
/// half of `burst` or of `other`, as drawn. Both halves are cut to one length, drawn from the sizes
/// of both bursts before the origin is: lengths say nothing about the origin (in the reference they
/// give 88 % of the answers).
///
/// Pairing "as-coded" follows ET-BERT's instance builder, to see what its labels are worth: halves
/// keep their lengths, the longer one is cut at a random end until both fit, and each pair of two
/// bursts leaves its second half behind as an instance of one segment, labelled different: two
/// thirds of all labels at a share of 0.5.
PretrainSample make_pretrain_sample(std::span<std::uint16_t const> burst,
                                    std::span<std::uint16_t const> other,
                                    PretrainDataConfig const& config, base::RandomStream& pairing,
                                    base::RandomStream& masking);

/// At least one sample; none longer than the sequence length.
PretrainBatch collate(std::span<PretrainSample const> samples, PretrainDataConfig const& config);

}  // namespace tessera::batch
