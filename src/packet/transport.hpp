#pragma once

#include "walk.hpp"

#include <array>
#include <cstddef>
#include <cstring>
#include <variant>

#include <tessera/packet/packet.hpp>

/// The end of a walk: the transport header, and the packet made of all that was found.
namespace tessera::packet::detail {

using Result = std::variant<Packet, Drop>;

inline Address mapped_address(base::ByteSpan bytes, std::size_t at) noexcept {
    Address address;
    address.bytes[10] = address.bytes[11] = 0xff;
    std::memcpy(address.bytes.data() + 12, bytes.data() + at, 4);
    return address;
}

inline Address address(base::ByteSpan bytes, std::size_t at) noexcept {
    Address address;
    std::memcpy(address.bytes.data(), bytes.data() + at, address.bytes.size());
    return address;
}

inline Address source(Walk const& walk, base::ByteSpan bytes) noexcept {
    return walk.ip_version == 4 ? mapped_address(bytes, walk.network + 12)
                                : address(bytes, walk.network + 8);
}

inline Address destination(Walk const& walk, base::ByteSpan bytes) noexcept {
    return walk.ip_version == 4 ? mapped_address(bytes, walk.network + 16)
                                : address(bytes, walk.network + 24);
}

/// The packet whose transport header of `size` bytes stands at the walk's offset. Every member is
/// named, as clearing the packet first would cost more than the rest of this.
inline Result packet_with(Walk const& walk, Frame const& frame, Protocol protocol,
                          std::size_t size) noexcept {
    if (size > walk.on_wire()) return Drop::malformed_transport_header;
    if (!walk.holds(size)) return Drop::truncated_transport_header;
    auto const narrow = [](std::size_t value) { return static_cast<std::uint32_t>(value); };
    return Packet{
        .bytes = frame.bytes,
        .time = frame.time,
        .wire_length = frame.wire_length,
        .payload_length = narrow(walk.on_wire() - size),
        .network = narrow(walk.network),
        .transport = narrow(walk.offset()),
        .payload = narrow(walk.offset() + size),
        .end = narrow(walk.end()),
        .ip_version = static_cast<std::uint8_t>(walk.ip_version),
        .tunnels = static_cast<std::uint8_t>(walk.ip_headers - 1),
        .tcp_flags = protocol == Protocol::tcp ? walk.u8(13) : std::uint8_t{0},
        .protocol = protocol,
        .source = {source(walk, frame.bytes), walk.u16(0)},
        .destination = {destination(walk, frame.bytes), walk.u16(2)},
    };
}

inline Drop too_short(Walk const& walk, std::size_t least) noexcept {
    return walk.on_wire() < least ? Drop::malformed_transport_header
                                  : Drop::truncated_transport_header;
}

/// RFC 9293, 3.1.
inline Result tcp(Walk const& walk, Frame const& frame) noexcept {
    constexpr std::size_t least = 20;
    if (!walk.holds(least)) return too_short(walk, least);
    std::size_t const size = (walk.u8(12) >> 4U) * 4U;
    if (size < least) return Drop::malformed_transport_header;
    return packet_with(walk, frame, Protocol::tcp, size);
}

/// RFC 768. A length of 0 comes with segmentation left to the card; the IP length says how much
/// there is in any case.
inline Result udp(Walk const& walk, Frame const& frame) noexcept {
    constexpr std::size_t size = 8;
    if (!walk.holds(size)) return too_short(walk, size);
    auto const length = walk.u16(4);
    if (length != 0 && length < size) return Drop::malformed_transport_header;
    return packet_with(walk, frame, Protocol::udp, size);
}

}  // namespace tessera::packet::detail
