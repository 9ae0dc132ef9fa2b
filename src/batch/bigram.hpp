#pragma once

#include <cstdint>

#include <tessera/batch/special.hpp>

namespace tessera::batch {

/// Ids of byte bigrams and the bytes in them.
constexpr bool is_bigram(std::int64_t id) {
    return id >= token_offset && id < bigram_vocabulary;
}
constexpr std::uint8_t first_byte(std::int64_t id) {
    return static_cast<std::uint8_t>((id - token_offset) >> 8);
}
constexpr std::uint8_t second_byte(std::int64_t id) {
    return static_cast<std::uint8_t>((id - token_offset) & 0xff);
}
constexpr std::int64_t bigram(std::uint8_t first, std::uint8_t second) {
    return token_offset + first * 256 + second;
}

}  // namespace tessera::batch
