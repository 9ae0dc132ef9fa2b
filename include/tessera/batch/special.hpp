#pragma once

#include <cstdint>

namespace tessera::batch {

/// Ids the model adds to those of the store: token t of the store is id t + token_offset.
inline constexpr std::int64_t pad_id = 0;
inline constexpr std::int64_t cls_id = 1;
inline constexpr std::int64_t sep_id = 2;
inline constexpr std::int64_t mask_id = 3;
inline constexpr std::int64_t unk_id = 4;
inline constexpr std::int64_t token_offset = 5;

/// Ids that a model must know for a tokenizer of `tokens` ids: 65,541 for byte bigrams.
constexpr std::int64_t vocabulary_size(std::int64_t tokens) {
    return tokens + token_offset;
}

inline constexpr std::int64_t bigram_vocabulary = vocabulary_size(65'536);

}  // namespace tessera::batch
