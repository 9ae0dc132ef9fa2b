#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <tessera/base/random.hpp>

namespace tessera::batch {

/// Masked-token prediction (Devlin 2019: 15 %, of these 80 % masked, 10 % random, 10 % kept).
/// Bigrams overlap, so a single masked token can be copied from its neighbours: by default spans
/// of bytes are hidden with every token that touches one, and a span has one fate as a whole.
struct MaskingConfig {
    std::string unit = "bytes";      ///< "bytes": spans of bytes; "tokens": single tokens (ET-BERT)
    double share = 0.15;             ///< of a sequence's ids, specials counted
    double mask_share = 0.8;         ///< of what is picked: replaced by [MASK]
    double random_share = 0.1;       ///< of what is picked: replaced at random; the rest is kept
    std::int64_t longest_span = 10;  ///< bytes; lengths are geometric, stopping at 0.2 a byte
                                     ///< (SpanBERT, Joshi 2020: mean 3.8)
};

/// Slots K a sequence of at most `width` ids needs: max(1, round(share * width)), at least 2 for
/// spans of bytes, since one byte lies in two bigrams.
std::int64_t masked_slots(MaskingConfig const& config, std::int64_t width);

/// What was hidden: places in the sequence, ascending, and the ids that stood there.
struct MaskedPlaces {
    std::vector<std::int64_t> positions;
    std::vector<std::int64_t> targets;
};

/// Hides ids of byte bigrams in place; special ids are never touched. Draws from `random` alone.
/// At most masked_slots(config, ids.size()) places; none where there is no bigram.
MaskedPlaces mask(std::span<std::int64_t> ids, MaskingConfig const& config,
                  base::RandomStream& random);

}  // namespace tessera::batch
