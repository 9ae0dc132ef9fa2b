#pragma once

#include "walk.hpp"

#include <array>
#include <cstddef>
#include <cstring>
#include <optional>

#include <tessera/packet/packet.hpp>

/// The end of a walk: the transport header, and the packet made of all that was found.
namespace tessera::packet::detail {

/// None when the packet is whole.
using Result = std::optional<Drop>;

// Written as two words: ::ffff:0:0/96 and the address.
inline void set_mapped(Address& address, base::ByteSpan bytes, std::size_t at) noexcept {
    constexpr std::array<std::uint8_t, 12> prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    std::array<std::byte, 16> mapped;
    std::memcpy(mapped.data(), prefix.data(), prefix.size());
    std::memcpy(mapped.data() + prefix.size(), bytes.data() + at, 4);
    std::memcpy(address.bytes.data(), mapped.data(), mapped.size());
}

inline void set_addresses(Walk const& walk, base::ByteSpan bytes, Packet& packet) noexcept {
    if (walk.ip_version == 4) {
        set_mapped(packet.source.address, bytes, walk.network + 12);
        set_mapped(packet.destination.address, bytes, walk.network + 16);
    } else {
        std::memcpy(packet.source.address.bytes.data(), bytes.data() + walk.network + 8, 16);
        std::memcpy(packet.destination.address.bytes.data(), bytes.data() + walk.network + 24, 16);
    }
}

/// Fills the packet whose transport header of `size` bytes stands at the walk's offset: every
/// member, in place, as clearing or copying it would cost more than the rest of this.
inline Result fill(Walk const& walk, Frame const& frame, Protocol protocol, std::size_t size,
                   Packet& packet) noexcept {
    if (size > walk.on_wire()) return Drop::malformed_transport_header;
    if (!walk.holds(size)) return Drop::truncated_transport_header;
    auto const narrow = [](std::size_t value) { return static_cast<std::uint32_t>(value); };
    packet.bytes = frame.bytes;
    packet.time = frame.time;
    packet.wire_length = frame.wire_length;
    packet.payload_length = narrow(walk.on_wire() - size);
    packet.network = narrow(walk.network);
    packet.transport = narrow(walk.offset());
    packet.payload = narrow(walk.offset() + size);
    packet.end = narrow(walk.end());
    packet.ip_version = static_cast<std::uint8_t>(walk.ip_version);
    packet.tunnels = static_cast<std::uint8_t>(walk.ip_headers - 1);
    packet.carriers = walk.carriers;
    packet.holds_tunnel = false;
    packet.tcp_flags = protocol == Protocol::tcp ? walk.u8(13) : std::uint8_t{0};
    packet.protocol = protocol;
    packet.link = frame.link;
    set_addresses(walk, frame.bytes, packet);
    packet.source.port = walk.u16(0);
    packet.destination.port = walk.u16(2);
    return std::nullopt;
}

inline Drop too_short(Walk const& walk, std::size_t least) noexcept {
    return walk.on_wire() < least ? Drop::malformed_transport_header
                                  : Drop::truncated_transport_header;
}

/// RFC 9293, 3.1.
inline Result tcp(Walk const& walk, Frame const& frame, Packet& packet) noexcept {
    constexpr std::size_t least = 20;
    if (!walk.holds(least)) return too_short(walk, least);
    std::size_t const size = (walk.u8(12) >> 4U) * 4U;
    if (size < least) return Drop::malformed_transport_header;
    return fill(walk, frame, Protocol::tcp, size, packet);
}

/// RFC 768. A length of 0 comes with segmentation left to the card; the IP length says how much
/// there is in any case.
inline Result udp(Walk const& walk, Frame const& frame, Packet& packet) noexcept {
    constexpr std::size_t size = 8;
    if (!walk.holds(size)) return too_short(walk, size);
    auto const length = walk.u16(4);
    if (length != 0 && length < size) return Drop::malformed_transport_header;
    return fill(walk, frame, Protocol::udp, size, packet);
}

}  // namespace tessera::packet::detail
