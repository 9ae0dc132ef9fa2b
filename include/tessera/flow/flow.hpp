#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <tessera/base/bytes.hpp>
#include <tessera/base/time.hpp>
#include <tessera/packet/packet.hpp>

namespace tessera::flow {

/// Identity of a bidirectional flow: the full 5-tuple, endpoints in canonical order (low <= high),
/// so both directions have one key. A hash of it only finds the place; equality decides.
struct FlowKey {
    packet::Endpoint low;
    packet::Endpoint high;
    packet::Protocol protocol = packet::Protocol::tcp;

    auto operator<=>(FlowKey const&) const = default;
};

FlowKey key_of(packet::Packet const& packet);

/// SipHash-1-3 (Aumasson and Bernstein 2012) of the key under `seed`: nobody who does not know the
/// seed can make keys collide. The same on every rank, so it also shares out and splits flows.
std::uint64_t flow_hash(FlowKey const& key, std::uint64_t seed) noexcept;

/// Which of `parts` shares of all flows the packet's flow belongs to: both directions to the same,
/// always and everywhere (datasets/FORMAT.md). It has no key: who aims flows at one share costs
/// balance and never truth.
std::uint32_t part_of(packet::Packet const& packet, std::uint32_t parts) noexcept;

/// Seen from the endpoint that sent the flow's first packet.
enum class Direction : std::uint8_t { forward = 0, backward = 1 };

/// Why a flow was closed.
enum class FlowEnd : std::uint8_t {
    capture_end,
    idle_timeout,
    active_timeout,
    packet_limit,  ///< cut at max_packets
    evicted,       ///< memory limit: the flow idle for longest had to go
    memory_share,  ///< cut at the share of the memory that one flow may hold
    count_,
};

char const* name(FlowEnd end);

/// What is kept of one packet of a flow.
struct FlowPacket {
    base::Nanoseconds time = 0;
    std::uint32_t wire_length = 0;
    std::uint32_t payload_length = 0;
    std::uint32_t bytes_begin = 0;  ///< its kept bytes: Flow::bytes[bytes_begin .. + bytes_size]
    std::uint16_t bytes_size = 0;
    Direction direction = Direction::forward;
    std::uint8_t tcp_flags = 0;
};

/// A closed flow: packets in order of capture, with the bytes kept of each.
struct Flow {
    FlowKey key;
    bool low_sent_first = true;  ///< key.low sent the first packet
    FlowEnd end = FlowEnd::capture_end;
    std::vector<FlowPacket> packets;
    std::vector<std::byte> bytes;
    bool shown = false;  ///< FlowTable::show_at gave it out before

    packet::Endpoint const& initiator() const { return low_sent_first ? key.low : key.high; }
    packet::Endpoint const& responder() const { return low_sent_first ? key.high : key.low; }
    base::ByteSpan bytes_of(FlowPacket const& packet) const {
        return base::ByteSpan(bytes).subspan(packet.bytes_begin, packet.bytes_size);
    }
};

}  // namespace tessera::flow
