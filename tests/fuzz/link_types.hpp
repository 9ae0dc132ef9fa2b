#pragma once

#include <array>

#include <tessera/packet/frame.hpp>

namespace tessera::fuzz {

/// The first byte of an input chooses among these (modulo their number).
inline constexpr std::array link_types{
    packet::LinkType::ethernet,
    packet::LinkType::null_loopback,
    packet::LinkType::ppp,
    packet::LinkType::raw_ip,
    packet::LinkType::ppp_ether,
    packet::LinkType::cisco_hdlc,
    packet::LinkType::ieee80211,
    packet::LinkType::radiotap,
    packet::LinkType::linux_cooked,
    packet::LinkType::linux_cooked_v2,
    packet::LinkType::prism,
    packet::LinkType::ieee80211_avs,
    packet::LinkType::ppi,
    packet::LinkType::ipv4,
    packet::LinkType::ipv6,
    packet::LinkType::ppp_hdlc,
    packet::LinkType::loop,
    packet::LinkType::raw_ip_bsd,
    packet::LinkType::raw_ip_openbsd,
};

}  // namespace tessera::fuzz
