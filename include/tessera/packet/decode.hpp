#pragma once

#include <optional>
#include <variant>

#include <tessera/packet/drop.hpp>
#include <tessera/packet/frame.hpp>
#include <tessera/packet/packet.hpp>

namespace tessera::packet {

/// The packet in a frame, or the reason why there is none that we use. Reads nothing outside
/// `frame.bytes`, allocates nothing, never throws. Link types: see LinkType; VLAN and QinQ tags,
/// LLC/SNAP, MPLS, PPPoE, IPv4 options, IPv6 extension headers, IP-in-IP, 6in4 and GRE are followed
/// to the first TCP or UDP header; what UDP carries in turn (VXLAN, GTP-U, ..) is its payload.
/// Headers must be captured whole, the payload may be cut.
std::variant<Packet, Drop> decode(Frame const& frame) noexcept;

/// The same for those who decode millions: fills a packet that the caller keeps, copying nothing.
/// Undefined fields in `packet` where a reason is returned.
std::optional<Drop> decode(Frame const& frame, Packet& packet) noexcept;

}  // namespace tessera::packet
