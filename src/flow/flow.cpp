#include "packed_key.hpp"
#include "siphash.hpp"

#include <tessera/flow/flow.hpp>

namespace tessera::flow {

FlowKey key_of(packet::Packet const& packet) {
    bool const ordered = packet.source <= packet.destination;
    return {ordered ? packet.source : packet.destination,
            ordered ? packet.destination : packet.source, packet.protocol};
}

namespace {

// Of 13 bytes: no message of 37 can be the same.
std::uint64_t hash_ipv4(PackedKey const& key, std::uint64_t seed) noexcept {
    constexpr std::uint64_t size = 13;
    std::array<std::uint64_t, 2> const message{key.words[1] >> 32U | (key.words[3] >> 32U << 32U),
                                               key.words[4] | size << 56U};
    return siphash_1_3(message, seed, seed * 0x9e3779b97f4a7c15ULL);
}

}  // namespace

std::uint64_t hash(PackedKey const& key, std::uint64_t seed) noexcept {
    if (is_ipv4(key)) return hash_ipv4(key, seed);
    constexpr std::uint64_t size = 37;
    auto message = key.words;
    message.back() |= size << 56U;
    return siphash_1_3(message, seed, seed * 0x9e3779b97f4a7c15ULL);
}

std::uint64_t flow_hash(FlowKey const& key, std::uint64_t seed) noexcept {
    return hash(pack(key.low, key.high, key.protocol), seed);
}

std::uint32_t part_of(packet::Packet const& packet, std::uint32_t parts) noexcept {
    auto const key = in_order(packet.source, packet.destination)
                         ? pack(packet.source, packet.destination, packet.protocol)
                         : pack(packet.destination, packet.source, packet.protocol);
    std::uint64_t mixed = 0;
    for (auto const word : key.words) {
        mixed = (mixed ^ word) * 0x9e3779b97f4a7c15ULL;  // 2^64 over the golden ratio, odd
        mixed ^= mixed >> 32U;
    }
    return static_cast<std::uint32_t>((mixed * 0x9e3779b97f4a7c15ULL >> 32U) * parts >> 32U);
}

char const* name(FlowEnd end) {
    switch (end) {
        case FlowEnd::capture_end:
            return "capture_end";
        case FlowEnd::idle_timeout:
            return "idle_timeout";
        case FlowEnd::active_timeout:
            return "active_timeout";
        case FlowEnd::packet_limit:
            return "packet_limit";
        case FlowEnd::evicted:
            return "evicted";
        case FlowEnd::memory_share:
            return "memory_share";
        case FlowEnd::count_:
            break;
    }
    return "unknown";
}

}  // namespace tessera::flow
