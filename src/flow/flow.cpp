#include "siphash.hpp"

#include <algorithm>
#include <cstring>

#include <tessera/flow/flow.hpp>

namespace tessera::flow {

FlowKey key_of(packet::Packet const& packet) {
    auto const& [low, high] = std::minmax(packet.source, packet.destination);
    return {low, high, packet.protocol};
}

std::uint64_t flow_hash(FlowKey const& key, std::uint64_t seed) noexcept {
    // The key's 37 bytes lie without a gap: address 16, port 2, address 16, port 2, protocol 1.
    constexpr std::size_t size = 37;
    static_assert(offsetof(FlowKey, high) == 18 && offsetof(FlowKey, protocol) == size - 1);
    std::array<std::uint64_t, 5> message{};
    std::memcpy(message.data(), &key, size);
    message.back() |= static_cast<std::uint64_t>(size) << 56;
    return siphash_1_3(message, seed, seed * 0x9e3779b97f4a7c15ULL);
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
