#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>

#include <tessera/base/bytes.hpp>
#include <tessera/flow/flow.hpp>

namespace tessera::flow {

/// A FlowKey in five words, for hashing and comparing: both addresses, then both ports and the
/// protocol (37 bytes, the rest zero).
struct PackedKey {
    std::array<std::uint64_t, 5> words{};

    // One test at the end: keys with equal hashes are nearly always equal.
    bool operator==(PackedKey const& other) const {
        std::uint64_t difference = 0;
        for (std::size_t i = 0; i < words.size(); ++i) difference |= words[i] ^ other.words[i];
        return difference == 0;
    }
};

namespace detail {

inline std::array<std::uint64_t, 2> words_of(packet::Address const& address) {
    std::array<std::uint64_t, 2> words;
    std::memcpy(words.data(), address.bytes.data(), sizeof words);
    return words;
}

}  // namespace detail

inline PackedKey pack(packet::Endpoint const& low, packet::Endpoint const& high,
                      packet::Protocol protocol) {
    auto const a = detail::words_of(low.address);
    auto const b = detail::words_of(high.address);
    return {
        {a[0], a[1], b[0], b[1],
         low.port | std::uint64_t{high.port} << 16U | static_cast<std::uint64_t>(protocol) << 32U}};
}

/// Whether both addresses are mapped IPv4 ones.
inline bool is_ipv4(PackedKey const& key) {
    static_assert(std::endian::native == std::endian::little);
    constexpr std::uint64_t prefix = 0xffff0000U;  // bytes 8 to 11 of ::ffff:0:0/96
    constexpr std::uint64_t low_half = 0xffffffffU;
    return (key.words[0] | key.words[2]) == 0 && (key.words[1] & low_half) == prefix &&
           (key.words[3] & low_half) == prefix;
}

inline FlowKey unpack(PackedKey const& key) {
    FlowKey result;
    std::memcpy(result.low.address.bytes.data(), &key.words[0], 16);
    std::memcpy(result.high.address.bytes.data(), &key.words[2], 16);
    result.low.port = static_cast<std::uint16_t>(key.words[4]);
    result.high.port = static_cast<std::uint16_t>(key.words[4] >> 16U);
    result.protocol = static_cast<packet::Protocol>(key.words[4] >> 32U);
    return result;
}

/// Whether a <= b, in the order of Endpoint, by words.
inline bool in_order(packet::Endpoint const& a, packet::Endpoint const& b) {
    auto const x = detail::words_of(a.address);
    auto const y = detail::words_of(b.address);
    if (x[0] != y[0]) return base::byte_swapped(x[0]) < base::byte_swapped(y[0]);
    if (x[1] != y[1]) return base::byte_swapped(x[1]) < base::byte_swapped(y[1]);
    return a.port <= b.port;
}

std::uint64_t hash(PackedKey const& key, std::uint64_t seed) noexcept;

}  // namespace tessera::flow
