#pragma once

#include <variant>

#include <tessera/packet/drop.hpp>
#include <tessera/packet/frame.hpp>
#include <tessera/packet/packet.hpp>

namespace tessera::packet {

/// The packet in a frame, or the reason why there is none that we use. Reads nothing outside
/// `frame.bytes`, allocates nothing, never throws. Link types: see LinkType; VLAN and QinQ tags,
/// IPv4 options, IPv6 extension headers, IP-in-IP and GRE are followed to the first TCP or UDP
/// header.
std::variant<Packet, Drop> decode(Frame const& frame) noexcept;

}  // namespace tessera::packet
