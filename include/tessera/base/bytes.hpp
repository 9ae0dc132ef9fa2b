#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace tessera::base {

using ByteSpan = std::span<std::byte const>;

/// The fixed-width integer at `bytes[offset]`, in the byte order named. The caller has checked
/// `offset + sizeof(T) <= bytes.size()` (see `holds`): these run once or more a packet.
template <std::unsigned_integral T>
T load_native(ByteSpan bytes, std::size_t offset) {
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

template <std::unsigned_integral T>
constexpr T byte_swapped(T value) {
    if constexpr (sizeof(T) == 1) {
        return value;
    } else if constexpr (sizeof(T) == 2) {
        return static_cast<T>(__builtin_bswap16(value));
    } else if constexpr (sizeof(T) == 4) {
        return __builtin_bswap32(value);
    } else {
        return __builtin_bswap64(value);
    }
}

template <std::unsigned_integral T>
T load_big_endian(ByteSpan bytes, std::size_t offset) {
    auto const value = load_native<T>(bytes, offset);
    return std::endian::native == std::endian::big ? value : byte_swapped(value);
}

template <std::unsigned_integral T>
T load_little_endian(ByteSpan bytes, std::size_t offset) {
    auto const value = load_native<T>(bytes, offset);
    return std::endian::native == std::endian::little ? value : byte_swapped(value);
}

inline std::uint8_t load_byte(ByteSpan bytes, std::size_t offset) {
    return std::to_integer<std::uint8_t>(bytes[offset]);
}

/// True when `count` bytes lie at `offset`; written so that no sum can overflow.
constexpr bool holds(std::size_t size, std::size_t offset, std::size_t count) {
    return offset <= size && count <= size - offset;
}

}  // namespace tessera::base
