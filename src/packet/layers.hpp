#pragma once

#include "walk.hpp"

#include <cstdint>

namespace tessera::packet::detail {

/// The header that a capture of this link type begins with; Header::dropped when we know it not.
Header first_header(LinkType link) noexcept;

// One function for each kind of header: reads it, moves past it, returns what follows. Ethernet and
// IPv4, which nearly every packet passes, stand in common_layers.hpp.

/// What an EtherType (IEEE 802) announces. Values up to 1,500 are lengths of 802.3 frames.
Header from_ether_type(Walk& walk, std::uint16_t type) noexcept;

/// What an IP protocol number announces.
Header from_protocol(Walk& walk, std::uint8_t protocol) noexcept;

Header vlan(Walk& walk) noexcept;
Header llc(Walk& walk) noexcept;
Header mpls(Walk& walk) noexcept;
Header pppoe(Walk& walk) noexcept;
Header ppp(Walk& walk) noexcept;
Header cisco_hdlc(Walk& walk) noexcept;
Header null_loopback(Walk& walk) noexcept;
Header linux_cooked(Walk& walk) noexcept;
Header linux_cooked_v2(Walk& walk) noexcept;

Header ieee80211(Walk& walk) noexcept;
Header radiotap(Walk& walk) noexcept;
Header avs(Walk& walk) noexcept;
Header prism(Walk& walk) noexcept;
Header ppi(Walk& walk) noexcept;

Header ip(Walk& walk) noexcept;

/// The walk stands at the IPv4 header of a fragment, its lengths as read: true when it stops there.
bool stops_ipv4_fragment(Walk& walk, std::size_t header, std::size_t total) noexcept;
Header ipv6(Walk& walk) noexcept;
Header ipv6_extension(Walk& walk) noexcept;
Header ipv6_fragment(Walk& walk) noexcept;
Header authentication(Walk& walk) noexcept;
Header gre(Walk& walk) noexcept;

/// The walk stands at a UDP header: what VXLAN, GENEVE, GTP-U or Teredo carries, told by the port
/// and by the header that has to follow; Header::dropped where it is none of them.
Header udp_tunnel(Walk& walk) noexcept;

}  // namespace tessera::packet::detail
