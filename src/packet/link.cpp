#include "layers.hpp"

namespace tessera::packet::detail {

Header first_header(LinkType link) noexcept {
    switch (link) {
        case LinkType::ethernet:
            return Header::ethernet;
        case LinkType::null_loopback:
        case LinkType::loop:
            return Header::null_loopback;
        case LinkType::ppp:
        case LinkType::ppp_hdlc:
            return Header::ppp;
        case LinkType::ppp_ether:
            return Header::pppoe;
        case LinkType::cisco_hdlc:
            return Header::cisco_hdlc;
        case LinkType::linux_cooked:
            return Header::linux_cooked;
        case LinkType::linux_cooked_v2:
            return Header::linux_cooked_v2;
        case LinkType::raw_ip_bsd:
        case LinkType::raw_ip_openbsd:
        case LinkType::raw_ip:
            return Header::ip;
        case LinkType::ipv4:
            return Header::ipv4;
        case LinkType::ipv6:
            return Header::ipv6;
        case LinkType::ieee80211:
            return Header::ieee80211;
        case LinkType::radiotap:
            return Header::radiotap;
        case LinkType::ieee80211_avs:
            return Header::avs;
        case LinkType::prism:
            return Header::prism;
        case LinkType::ppi:
            return Header::ppi;
    }
    return Header::dropped;
}

Header from_ether_type(Walk& walk, std::uint16_t type) noexcept {
    switch (type) {
        case 0x0800:
            return Header::ipv4;
        case 0x86dd:
            return Header::ipv6;
        case 0x8100:  // 802.1Q
        case 0x88a8:  // 802.1ad
        case 0x9100:  // QinQ before it was standardised
        case 0x9200:
        case 0x9300:
            return Header::vlan;
        case 0x8847:
        case 0x8848:
            return Header::mpls;
        case 0x8864:
            return Header::pppoe;
        case 0x6558:
            return Header::ethernet;  // transparent bridging, inside GRE
        case 0x880b:
            return Header::ppp;  // inside GRE
        default:
            break;
    }
    constexpr std::uint16_t longest_802_3 = 1500;
    return type <= longest_802_3 ? Header::llc : walk.stop(Drop::not_ip);
}

Header vlan(Walk& walk) noexcept {
    constexpr std::size_t size = 4;
    if (!walk.holds(size)) return walk.stop(Drop::truncated_link_header);
    auto const type = walk.u16(2);
    walk.skip(size);
    return from_ether_type(walk, type);
}

// IEEE 802.2 with SNAP (RFC 1042), or the IP service access point of RFC 948.
Header llc(Walk& walk) noexcept {
    if (!walk.holds(3)) return walk.stop(Drop::truncated_link_header);
    auto const access_points = walk.u16(0);
    auto const control = walk.u8(2);
    if (access_points == 0x0606 && control == 0x03) {
        walk.skip(3);
        return Header::ip;
    }
    if (access_points != 0xaaaa || control != 0x03) return walk.stop(Drop::not_ip);
    if (!walk.holds(8)) return walk.stop(Drop::truncated_link_header);
    auto const organisation = walk.u32(2) & 0xffffffU;
    auto const type = walk.u16(6);
    walk.skip(8);
    bool const encapsulated_ethernet = organisation == 0 || organisation == 0x0000f8;
    if (!encapsulated_ethernet || type <= 1500) return walk.stop(Drop::not_ip);
    return from_ether_type(walk, type);
}

Header cisco_hdlc(Walk& walk) noexcept {
    constexpr std::size_t size = 4;  // address, control, type
    if (!walk.holds(size)) return walk.stop(Drop::truncated_link_header);
    auto const type = walk.u16(2);
    walk.skip(size);
    return from_ether_type(walk, type);
}

// The address family as the capturing host numbers it, in its byte order (LINKTYPE_NULL) or in
// network order (LINKTYPE_LOOP). Families are small, so the order shows.
Header null_loopback(Walk& walk) noexcept {
    constexpr std::size_t size = 4;
    if (!walk.holds(size)) return walk.stop(Drop::truncated_link_header);
    auto family = walk.u32(0);
    if (family > 0xffff) family = walk.u32_little(0);
    walk.skip(size);
    switch (family) {
        case 2:
            return Header::ipv4;
        case 10:  // Linux
        case 23:  // Windows
        case 24:  // NetBSD, OpenBSD
        case 28:  // FreeBSD
        case 30:
            return Header::ipv6;  // Darwin
        default:
            return walk.stop(Drop::not_ip);
    }
}

// LINKTYPE_LINUX_SLL: packet type, ARPHRD type, address length, address, protocol.
Header linux_cooked(Walk& walk) noexcept {
    constexpr std::size_t size = 16;
    if (!walk.holds(size)) return walk.stop(Drop::truncated_link_header);
    auto const protocol = walk.u16(14);
    walk.skip(size);
    return from_ether_type(walk, protocol);
}

// LINKTYPE_LINUX_SLL2: the protocol comes first.
Header linux_cooked_v2(Walk& walk) noexcept {
    constexpr std::size_t size = 20;
    if (!walk.holds(size)) return walk.stop(Drop::truncated_link_header);
    auto const protocol = walk.u16(0);
    walk.skip(size);
    return from_ether_type(walk, protocol);
}

}  // namespace tessera::packet::detail
