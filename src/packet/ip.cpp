#include "layers.hpp"

namespace tessera::packet::detail {

Header from_protocol(Walk& walk, std::uint8_t protocol) noexcept {
    switch (protocol) {
        case 6:
            return Header::tcp;
        case 17:
            return Header::udp;
        case 4:
            walk.carriers.add(Tunnel::ip_in_ip);
            return Header::ipv4;
        case 41:
            walk.carriers.add(walk.ip_version == 4 ? Tunnel::six_in_four : Tunnel::ip_in_ip);
            return Header::ipv6;
        case 47:
            return Header::gre;
        case 51:
            return Header::authentication;
        case 137:
            return Header::mpls;
        default:
            return walk.stop(Drop::not_tcp_or_udp);
    }
}

Header ip(Walk& walk) noexcept {
    if (!walk.holds(1)) return walk.stop(Drop::truncated_ip_header);
    switch (walk.u8(0) >> 4U) {
        case 4:
            return Header::ipv4;
        case 6:
            return Header::ipv6;
        default:
            return walk.stop(Drop::not_ip);
    }
}

bool stops_ipv4_fragment(Walk& walk, std::size_t header, std::size_t total) noexcept {
    auto const field = walk.u16(6);
    auto const offset = (field & 0x1fffU) * 8U;
    if (!walk.stops_at_piece(offset)) return false;
    walk.stop_at({.begin = walk.offset() + header,
                  .size = (total == 0 ? walk.on_wire() : total) - header,
                  .offset = offset,
                  .id = walk.u16(4),
                  .protocol = walk.u8(9),
                  .more = (field & 0x2000U) != 0});
    return true;
}

namespace {

Header from_next_header(Walk& walk, std::uint8_t next) noexcept {
    switch (next) {
        case 0:    // hop-by-hop options
        case 43:   // routing
        case 60:   // destination options
        case 135:  // mobility
        case 139:  // host identity
        case 140:  // shim6
            return Header::ipv6_extension;
        case 44:
            return Header::ipv6_fragment;
        default:
            return from_protocol(walk, next);
    }
}

}  // namespace

// RFC 8200. A payload length of 0 means a jumbogram or segmentation left to the card.
Header ipv6(Walk& walk) noexcept {
    constexpr std::size_t size = 40;
    if (!walk.holds(size)) return walk.stop(Drop::truncated_ip_header);
    if (walk.u8(0) >> 4U != 6) return walk.stop(Drop::malformed_ip_header);
    walk.enter_ip(6);
    std::size_t const payload = walk.u16(4);
    auto const next = walk.u8(6);
    if (payload != 0) walk.limit(size + payload);
    walk.skip(size);
    return from_next_header(walk, next);
}

Header ipv6_extension(Walk& walk) noexcept {
    if (!walk.holds(8)) return walk.stop(Drop::truncated_ip_header);
    auto const next = walk.u8(0);
    std::size_t const size = 8U + walk.u8(1) * 8U;
    if (!walk.holds(size)) return walk.stop(Drop::truncated_ip_header);
    walk.skip(size);
    return from_next_header(walk, next);
}

Header ipv6_fragment(Walk& walk) noexcept {
    constexpr std::size_t size = 8;
    if (!walk.holds(size)) return walk.stop(Drop::truncated_ip_header);
    auto const next = walk.u8(0);
    auto const offset = walk.u16(2) & 0xfff8U;
    bool const more = (walk.u16(2) & 1U) != 0;
    if ((more || offset != 0) && walk.stops_at_piece(offset)) {
        return walk.stop_at({.begin = walk.offset() + size,
                             .size = walk.on_wire() - size,
                             .offset = offset,
                             .id = walk.u32(4),
                             .protocol = next,
                             .more = more});
    }
    walk.skip(size);
    return from_next_header(walk, next);
}

// RFC 4302: authenticated, not encrypted, so what follows is readable. Lengths in 4-byte words.
Header authentication(Walk& walk) noexcept {
    if (!walk.holds(12)) return walk.stop(Drop::truncated_ip_header);
    auto const next = walk.u8(0);
    std::size_t const size = 8U + walk.u8(1) * 4U;
    if (!walk.holds(size)) return walk.stop(Drop::truncated_ip_header);
    walk.skip(size);
    return walk.ip_version == 6 ? from_next_header(walk, next) : from_protocol(walk, next);
}

}  // namespace tessera::packet::detail
