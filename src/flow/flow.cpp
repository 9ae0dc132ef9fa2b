#include "packed_key.hpp"
#include "siphash.hpp"

#include <tessera/flow/flow.hpp>

namespace tessera::flow {

FlowKey key_of(packet::Packet const& packet) {
    bool const ordered = packet.source <= packet.destination;
    return {ordered ? packet.source : packet.destination,
            ordered ? packet.destination : packet.source, packet.protocol};
}

std::uint64_t hash(PackedKey const& key, std::uint64_t seed) noexcept {
    constexpr std::uint64_t size = 37;
    auto message = key.words;
    message.back() |= size << 56U;
    return siphash_1_3(message, seed, seed * 0x9e3779b97f4a7c15ULL);
}

std::uint64_t flow_hash(FlowKey const& key, std::uint64_t seed) noexcept {
    return hash(pack(key.low, key.high, key.protocol), seed);
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
        case FlowEnd::count_:
            break;
    }
    return "unknown";
}

}  // namespace tessera::flow
