#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <tessera/packet/packet.hpp>

namespace tessera::token {

/// What stands for one end of a flow: values for its addresses, and for its counters what is added
/// to each (modulo the size of the field, as the counters themselves wrap), so that the first is
/// random and differences stay.
struct EndValues {
    std::array<std::byte, 6> mac{};  ///< unicast, locally administered
    std::array<std::byte, 16> address{};
    std::uint16_t port = 0;
    std::uint16_t ip_id = 0;       ///< added
    std::uint32_t flow_label = 0;  ///< added, 20 bits
    std::uint32_t sequence = 0;    ///< added
    std::uint32_t timestamp = 0;   ///< added
    std::uint16_t window = 0;      ///< added
};

/// The values of a packet's flow, by who sends this packet.
struct FlowValues {
    std::uint64_t flow = 0;  ///< under which more may be drawn: equal for all its packets
    bool from_low = true;    ///< sent by the end that comes first in the flow's key
    EndValues sender;
    EndValues receiver;
};

/// Drawn as a function of `key` and the packet's flow (flow::FlowKey): both directions of a flow
/// get the same values, on any rank and in any order. No secret: who knows the key and the flow's
/// ends draws the same.
FlowValues flow_values(packet::Packet const& packet, std::uint64_t key);

}  // namespace tessera::token
