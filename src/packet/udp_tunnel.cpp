#include "layers.hpp"

namespace tessera::packet::detail {

namespace {

namespace port {
constexpr std::uint16_t gtp_user = 2152;
constexpr std::uint16_t teredo = 3544;
constexpr std::uint16_t vxlan = 4789;
constexpr std::uint16_t geneve = 6081;
constexpr std::uint16_t vxlan_linux = 8472;  // before the number was given out
}  // namespace port

// RFC 7348: flags with the bit of a valid network identifier, the identifier. What is reserved is
// ignored, as it asks receivers to do.
Header vxlan(Walk& walk) noexcept {
    constexpr std::size_t size = 8;
    if (!walk.holds(size) || (walk.u8(0) & 0x08U) == 0) return walk.stop(Drop::not_ip);
    walk.skip(size);
    walk.carriers.add(Tunnel::vxlan);
    return Header::ethernet;
}

// RFC 8926, version 0: length of the options in 4-byte words, type of what is carried.
Header geneve(Walk& walk) noexcept {
    if (!walk.holds(8) || walk.u8(0) >> 6U != 0) return walk.stop(Drop::not_ip);
    std::size_t const size = 8U + (walk.u8(0) & 0x3fU) * 4U;
    auto const type = walk.u16(2);
    if (!walk.holds(size)) return walk.stop(Drop::truncated_link_header);
    walk.skip(size);
    walk.carriers.add(Tunnel::geneve);
    return from_ether_type(walk, type);
}

// 3GPP TS 29.281, 5.1 and 5.2: version 1 of the user plane, messages that carry a datagram. The
// optional word ends in the kind of the extension header that follows it, as each of these does.
Header gtp_user(Walk& walk) noexcept {
    if (!walk.holds(8)) return walk.stop(Drop::not_ip);
    auto const flags = walk.u8(0);
    constexpr std::uint8_t datagram = 255;
    bool const version_1 = flags >> 5U == 1 && (flags & 0x10U) != 0;
    if (!version_1 || walk.u8(1) != datagram) return walk.stop(Drop::not_ip);
    walk.skip(8);
    walk.carriers.add(Tunnel::gtp_user);
    if ((flags & 0x07U) == 0) return Header::ip;
    if (!walk.holds(4)) return walk.stop(Drop::truncated_link_header);
    auto next = (flags & 0x04U) != 0 ? walk.u8(3) : std::uint8_t{0};
    walk.skip(4);
    while (next != 0) {
        if (!walk.holds(4)) return walk.stop(Drop::truncated_link_header);
        auto const size = walk.u8(0) * std::size_t{4};
        if (size == 0 || !walk.holds(size)) return walk.stop(Drop::truncated_link_header);
        next = walk.u8(size - 1);
        walk.skip(size);
    }
    return Header::ip;
}

// RFC 4380, 5.1.1: an authentication and an origin indication may stand before the IPv6 header.
Header teredo(Walk& walk) noexcept {
    if (walk.holds(4) && walk.u16(0) == 1) {
        std::size_t const size = 13U + walk.u8(2) + walk.u8(3);
        if (!walk.holds(size)) return walk.stop(Drop::truncated_link_header);
        walk.skip(size);
    }
    if (walk.holds(8) && walk.u16(0) == 0) walk.skip(8);
    bool const six = walk.holds(1) && walk.u8(0) >> 4U == 6;
    walk.carriers.add(Tunnel::teredo);
    return six ? Header::ipv6 : walk.stop(Drop::not_ip);
}

}  // namespace

Header udp_tunnel(Walk& walk) noexcept {
    auto const source = walk.u16(0);
    auto const destination = walk.u16(2);
    walk.skip(8);
    switch (destination) {
        case port::vxlan:
        case port::vxlan_linux:
            return vxlan(walk);
        case port::geneve:
            return geneve(walk);
        case port::gtp_user:
            return gtp_user(walk);
        case port::teredo:
            return teredo(walk);
        default:
            return source == port::teredo ? teredo(walk) : walk.stop(Drop::not_ip);
    }
}

}  // namespace tessera::packet::detail
