#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include <tessera/packet/drop.hpp>
#include <tessera/packet/frame.hpp>
#include <tessera/packet/packet.hpp>

namespace tessera::packet {

/// Which packet is meant where UDP carries others (VXLAN, GENEVE, GTP-U, Teredo).
enum class Tunnels : std::uint8_t {
    inner,  ///< the innermost one that can be read
    outer,  ///< the UDP datagram that carries them
};

/// What a piece of a datagram is, where decoding meets one.
enum class Fragments : std::uint8_t {
    first,  ///< the first piece stands for the datagram, later ones are Drop::ip_fragment
    none,   ///< every piece is Drop::ip_fragment: the caller puts datagrams together
};

/// The packet in a frame, or the reason why there is none that we use. Reads nothing outside
/// `frame.bytes`, allocates nothing, never throws. Link types: see LinkType; VLAN and QinQ tags,
/// LLC/SNAP, MPLS, PPPoE, IPv4 options, IPv6 extension headers, IP-in-IP, 6in4 and GRE are followed
/// to the first TCP or UDP header, and UDP tunnels beyond it as `tunnels` says. Headers must be
/// captured whole, the payload may be cut.
std::variant<Packet, Drop> decode(Frame const& frame, Tunnels tunnels = Tunnels::inner) noexcept;

/// The same for those who decode millions: fills a packet that the caller keeps, copying nothing.
/// Undefined fields in `packet` where a reason is returned.
std::optional<Drop> decode(Frame const& frame, Packet& packet, Tunnels tunnels = Tunnels::inner,
                           Fragments fragments = Fragments::first) noexcept;

}  // namespace tessera::packet
