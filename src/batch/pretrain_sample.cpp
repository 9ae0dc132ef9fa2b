#include "sequences.hpp"

#include <algorithm>

#include <tessera/base/error.hpp>
#include <tessera/batch/pretrain_sample.hpp>
#include <tessera/batch/special.hpp>

namespace tessera::batch {
namespace {

/// A length that fits both bursts, up to a quarter shorter than it need be: so both halves are
/// cut short whatever their origin, and a half that ends whole is no hint either.
std::size_t draw_length(std::size_t burst, std::size_t other, PretrainDataConfig const& config,
                        base::RandomStream& random) {
    auto const longest = std::min(
        {half_size(burst), half_size(other), static_cast<std::size_t>(longest_half(config))});
    return longest - static_cast<std::size_t>(random.below(longest / 4 + 1));
}

std::span<std::uint16_t const> second_half(std::span<std::uint16_t const> burst) {
    return burst.last(half_size(burst.size()));
}

void check_share(char const* name, double value) {
    base::validate(value >= 0 && value <= 1, base::ExitCode::usage,
                   "data.{} = {} must lie between 0 and 1", name, value);
}

/// Masked places of all samples, then slots without one.
void fill_slots(PretrainBatch& batch, std::span<PretrainSample const> samples, std::int64_t width,
                std::int64_t slots) {
    auto const size = slots * static_cast<std::int64_t>(samples.size());
    batch.masked_positions = torch::zeros({size}, torch::kInt64);
    batch.masked_targets = torch::zeros({size}, torch::kInt64);
    batch.masked_weights = torch::zeros({size});
    auto* const positions = batch.masked_positions.data_ptr<std::int64_t>();
    auto* const targets = batch.masked_targets.data_ptr<std::int64_t>();
    auto* const weights = batch.masked_weights.data_ptr<float>();
    for (std::size_t b = 0; b < samples.size(); ++b) {
        auto const& masked = samples[b].masked;
        for (std::size_t i = 0; i < masked.positions.size(); ++i) {
            auto const slot = batch.masked_count++;
            positions[slot] = static_cast<std::int64_t>(b) * width + masked.positions[i];
            targets[slot] = masked.targets[i];
            weights[slot] = 1.0F;
        }
    }
}

}  // namespace

void describe(base::OptionTable& options, PretrainDataConfig& config) {
    options.section("data")
        .add("sequence_length", config.sequence_length, "ids in a sequence, padding included")
        .add("min_burst_tokens", config.min_burst_tokens, "shorter bursts are no samples")
        .add("same_origin_share", config.same_origin_share,
             "share of pairs whose halves come from one burst")
        .add("pairing", config.pairing,
             "blind: lengths say nothing about the origin; as-coded: instances as ET-BERT's code "
             "makes them, two thirds of them labelled different",
             {"blind", "as-coded"})
        .add("masking_unit", config.masking.unit,
             "bytes: spans of bytes with every bigram that touches one; tokens: single bigrams, "
             "which their neighbours give away (ET-BERT)",
             {"bytes", "tokens"})
        .add("masked_share", config.masking.share, "share of a sequence's ids to predict")
        .add("longest_span", config.masking.longest_span, "bytes of the longest masked span");
}

void check(PretrainDataConfig const& config) {
    base::validate(config.sequence_length >= 16 && config.sequence_length <= 65'536,
                   base::ExitCode::usage, "data.sequence_length = {} must lie in 16 .. 65536",
                   config.sequence_length);
    base::validate(
        config.min_burst_tokens >= 3, base::ExitCode::usage,
        "data.min_burst_tokens = {} must be at least 3, one token a half and one between",
        config.min_burst_tokens);
    base::validate(config.masking.longest_span >= 1, base::ExitCode::usage,
                   "data.longest_span = {} must be at least 1", config.masking.longest_span);
    base::validate(config.masking.unit == "bytes" || config.masking.unit == "tokens",
                   base::ExitCode::usage, "data.masking_unit = '{}' is neither bytes nor tokens",
                   config.masking.unit);
    base::validate(config.pairing == "blind" || config.pairing == "as-coded", base::ExitCode::usage,
                   "data.pairing = '{}' is neither blind nor as-coded", config.pairing);
    check_share("same_origin_share", config.same_origin_share);
    check_share("masked_share", config.masking.share);
}

std::int64_t longest_half(PretrainDataConfig const& config) {
    return (config.sequence_length - 3) / 2;
}

namespace {

/// What stands in a sample before ids and masks. `second` empty: one segment.
struct Pair {
    std::span<std::uint16_t const> first;
    std::span<std::uint16_t const> second;
    Origin origin;
};

Pair blind_pair(std::span<std::uint16_t const> burst, std::span<std::uint16_t const> other,
                PretrainDataConfig const& config, base::RandomStream& random) {
    auto const length = draw_length(burst.size(), other.size(), config, random);
    auto const same = random.uniform() < config.same_origin_share;
    return {burst.first(length), second_half(same ? burst : other).first(length),
            same ? Origin::same : Origin::different};
}

/// Takes one token off the longer half, at either end, until both fit.
void cut(Pair& pair, std::size_t most, base::RandomStream& random) {
    while (pair.first.size() + pair.second.size() > most) {
        auto& longer = pair.first.size() > pair.second.size() ? pair.first : pair.second;
        longer = random.below(2) == 0 ? longer.subspan(1) : longer.first(longer.size() - 1);
    }
}

/// Of a burst come, in the reference, either its two halves, or its first half beside a stranger's
/// and then its second half alone.
Pair pair_as_coded(std::span<std::uint16_t const> burst, std::span<std::uint16_t const> other,
                   PretrainDataConfig const& config, base::RandomStream& random) {
    auto const halves = burst.first(half_size(burst.size()));
    auto const same = config.same_origin_share;
    auto const drawn = random.uniform() * (2 - same);
    Pair pair{halves, second_half(burst), Origin::same};
    if (drawn >= 1) pair = {second_half(burst), {}, Origin::different};
    if (drawn >= same && drawn < 1) {
        auto const theirs =
            random.below(2) == 0 ? other.first(half_size(other.size())) : second_half(other);
        pair = {halves, theirs, Origin::different};
    }
    cut(pair, static_cast<std::size_t>(config.sequence_length - 3), random);
    return pair;
}

}  // namespace

PretrainSample make_pretrain_sample(std::span<std::uint16_t const> burst,
                                    std::span<std::uint16_t const> other,
                                    PretrainDataConfig const& config, base::RandomStream& pairing,
                                    base::RandomStream& masking) {
    auto const pair = config.pairing == "blind" ? blind_pair(burst, other, config, pairing)
                                                : pair_as_coded(burst, other, config, pairing);
    PretrainSample sample;
    sample.origin = pair.origin;
    sample.ids.push_back(cls_id);
    append_ids(sample.ids, pair.first);
    sample.ids.push_back(sep_id);
    sample.second_begin = sample.ids.size();
    if (!pair.second.empty()) {
        append_ids(sample.ids, pair.second);
        sample.ids.push_back(sep_id);
    }
    sample.masked = mask(sample.ids, config.masking, masking);
    return sample;
}

PretrainBatch collate(std::span<PretrainSample const> samples, PretrainDataConfig const& config) {
    PretrainBatch batch;
    auto const width = config.sequence_length;
    std::vector<std::span<std::int64_t const>> rows;
    std::vector<std::int64_t> origins;
    for (auto const& sample : samples) {
        rows.emplace_back(sample.ids);
        batch.lengths.push_back(static_cast<std::int64_t>(sample.ids.size()));
        batch.keys.push_back(sample.key);
        batch.samples.push_back(sample.sample);
        origins.push_back(static_cast<std::int64_t>(sample.origin));
    }
    batch.tokens = filled_up(rows, width, pad_id);
    batch.segments = torch::zeros_like(batch.tokens);
    for (std::size_t b = 0; b < samples.size(); ++b) {
        auto const begin = static_cast<std::int64_t>(samples[b].second_begin);
        batch.segments[static_cast<std::int64_t>(b)].slice(0, begin, batch.lengths[b]).fill_(1);
    }
    fill_slots(batch, samples, width, masked_slots(config.masking, width));
    batch.same_origin = torch::tensor(origins, torch::kInt64);
    return batch;
}

}  // namespace tessera::batch
