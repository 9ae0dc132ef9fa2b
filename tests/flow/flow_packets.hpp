#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <packet_builder.hpp>

#include <tessera/flow/flow.hpp>
#include <tessera/flow/flow_table.hpp>

/// Packets for the flow table, made without a parser, and flows as values that can be compared.
namespace tessera::test {

inline constexpr base::Nanoseconds second = base::nanoseconds_per_second;

inline packet::Packet tcp_packet(packet::Endpoint const& from, packet::Endpoint const& to,
                                 base::Nanoseconds time) {
    packet::Packet packet;
    packet.time = time;
    packet.source = from;
    packet.destination = to;
    packet.wire_length = 60;
    return packet;
}

/// The n-th of many IPv6 endpoints.
inline packet::Endpoint endpoint(std::uint32_t n) {
    packet::Endpoint result;
    result.address.bytes[0] = 0x20;
    for (unsigned i = 0; i < 4; ++i) {
        result.address.bytes[15 - i] = static_cast<std::uint8_t>(n >> (8 * i));
    }
    result.port = static_cast<std::uint16_t>(n * 7919);
    return result;
}

/// All closed flows of a table, copied.
struct Collected {
    std::vector<flow::Flow> flows;

    flow::FlowSink sink() {
        return [this](flow::Flow const& flow) { flows.push_back(flow); };
    }
};

/// A flow in one line: end, initiator port and, per packet, time, direction and kept bytes.
inline std::string line(flow::Flow const& flow) {
    std::string text = name(flow.end);
    text += ' ' + std::to_string(flow.initiator().port) + ':';
    for (auto const& packet : flow.packets) {
        text += ' ' + std::to_string(packet.time);
        text += packet.direction == flow::Direction::forward ? '>' : '<';
        for (auto const byte : flow.bytes_of(packet)) {
            text += std::to_string(std::to_integer<int>(byte)) + ',';
        }
    }
    return text;
}

inline std::vector<std::string> lines(std::vector<flow::Flow> const& flows) {
    std::vector<std::string> result;
    for (auto const& flow : flows) result.push_back(line(flow));
    return result;
}

}  // namespace tessera::test
