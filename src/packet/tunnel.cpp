#include "layers.hpp"

namespace tessera::packet::detail {

// RFC 3032, one label a step. What follows the last label is told by its first nibble (RFC 4928):
// an IP version, or 0 for the control word of an Ethernet pseudowire (RFC 4448).
Header mpls(Walk& walk) noexcept {
    constexpr std::size_t size = 4;
    if (!walk.holds(size)) return walk.stop(Drop::truncated_link_header);
    bool const bottom = (walk.u8(2) & 1U) != 0;
    walk.skip(size);
    walk.carriers.add(Tunnel::mpls);
    if (!bottom) return Header::mpls;
    if (!walk.holds(size)) return walk.stop(Drop::truncated_link_header);
    auto const nibble = walk.u8(0) >> 4U;
    if (nibble == 4 || nibble == 6) return Header::ip;
    if (nibble != 0) return walk.stop(Drop::not_ip);
    walk.skip(size);
    return Header::ethernet;
}

namespace {

namespace gre_flag {
constexpr std::uint16_t checksum = 0x8000;
constexpr std::uint16_t routing = 0x4000;
constexpr std::uint16_t key = 0x2000;
constexpr std::uint16_t sequence = 0x1000;
constexpr std::uint16_t acknowledgement = 0x0080;  // version 1
constexpr std::uint16_t version = 0x0007;
}  // namespace gre_flag

std::size_t gre_size(std::uint16_t flags) noexcept {
    std::size_t size = 4;
    for (auto const optional : {gre_flag::checksum, gre_flag::key, gre_flag::sequence}) {
        if ((flags & optional) != 0) size += 4;
    }
    bool const version_1 = (flags & gre_flag::version) == 1;
    if (version_1 && (flags & gre_flag::acknowledgement) != 0) size += 4;
    return size;
}

}  // namespace

// RFC 2784 and 2890 (version 0), RFC 2637 (version 1, PPTP), ERSPAN types I (no header) and II (8
// bytes), told apart by the sequence number.
Header gre(Walk& walk) noexcept {
    if (!walk.holds(4)) return walk.stop(Drop::truncated_link_header);
    auto const flags = walk.u16(0);
    auto const type = walk.u16(2);
    bool const known = (flags & gre_flag::version) <= 1 && (flags & gre_flag::routing) == 0;
    if (!known) return walk.stop(Drop::not_tcp_or_udp);
    auto size = gre_size(flags);
    constexpr std::uint16_t erspan = 0x88be;
    if (type == erspan && (flags & gre_flag::sequence) != 0) size += 8;
    if (!walk.holds(size)) return walk.stop(Drop::truncated_link_header);
    walk.skip(size);
    walk.carriers.add(Tunnel::gre);
    if (type == erspan) return Header::ethernet;
    return type <= 1500 ? walk.stop(Drop::not_tcp_or_udp) : from_ether_type(walk, type);
}

}  // namespace tessera::packet::detail
