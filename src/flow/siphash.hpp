#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace tessera::flow {

/// SipHash-1-3: one round per word, three at the end (Aumasson and Bernstein, "SipHash: a fast
/// short-input PRF", 2012). The last word holds the message's tail bytes and its length << 56.
template <std::size_t Words>
std::uint64_t siphash_1_3(std::array<std::uint64_t, Words> const& message, std::uint64_t key0,
                          std::uint64_t key1) noexcept {
    auto a = 0x736f6d6570736575ULL ^ key0;
    auto b = 0x646f72616e646f6dULL ^ key1;
    auto c = 0x6c7967656e657261ULL ^ key0;
    auto d = 0x7465646279746573ULL ^ key1;
    auto const round = [&] {
        a += b;
        c += d;
        b = std::rotl(b, 13) ^ a;
        d = std::rotl(d, 16) ^ c;
        a = std::rotl(a, 32) + d;
        c += b;
        d = std::rotl(d, 21) ^ a;
        b = std::rotl(b, 17) ^ c;
        c = std::rotl(c, 32);
    };
    for (auto const word : message) {
        d ^= word;
        round();
        a ^= word;
    }
    c ^= 0xff;
    round();
    round();
    round();
    return a ^ b ^ c ^ d;
}

}  // namespace tessera::flow
