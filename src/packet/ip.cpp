#include "layers.hpp"

#include <cstring>

namespace tessera::packet::detail {

namespace {

Address mapped(std::byte const* bytes) noexcept {
    Address address;
    address.bytes[10] = address.bytes[11] = 0xff;
    std::memcpy(address.bytes.data() + 12, bytes, 4);
    return address;
}

// Notes an IP header at the offset; those met before it were tunnels.
void enter(Walk& walk, std::uint8_t version) noexcept {
    auto& packet = walk.packet;
    packet.tunnels = walk.ip_headers++;
    packet.ip_version = version;
    packet.network = static_cast<std::uint32_t>(walk.offset());
}

}  // namespace

Header from_protocol(Walk& walk, std::uint8_t protocol) noexcept {
    switch (protocol) {
        case 6:
            return Header::tcp;
        case 17:
            return Header::udp;
        case 4:
            return Header::ipv4;
        case 41:
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

// RFC 791. A total length of 0 comes from hosts that leave segmentation to the network card: the
// datagram is the rest of the frame.
Header ipv4(Walk& walk) noexcept {
    constexpr std::size_t least = 20;
    if (!walk.holds(least)) return walk.stop(Drop::truncated_ip_header);
    auto const first = walk.u8(0);
    std::size_t const header = (first & 0x0fU) * 4U;
    std::size_t const total = walk.u16(2);
    bool const right_length = header >= least && (total == 0 || total >= header);
    if (first >> 4U != 4 || !right_length) return walk.stop(Drop::malformed_ip_header);
    if (!walk.holds(header)) return walk.stop(Drop::truncated_ip_header);
    if ((walk.u16(6) & 0x1fffU) != 0) return walk.stop(Drop::ip_fragment);
    enter(walk, 4);
    walk.packet.source.address = mapped(walk.here() + 12);
    walk.packet.destination.address = mapped(walk.here() + 16);
    auto const protocol = walk.u8(9);
    if (total != 0) walk.limit(total);
    walk.skip(header);
    return from_protocol(walk, protocol);
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
    enter(walk, 6);
    auto& packet = walk.packet;
    std::memcpy(packet.source.address.bytes.data(), walk.here() + 8, 16);
    std::memcpy(packet.destination.address.bytes.data(), walk.here() + 24, 16);
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
    if (walk.u16(2) >> 3U != 0) return walk.stop(Drop::ip_fragment);
    auto const next = walk.u8(0);
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
    return walk.packet.ip_version == 6 ? from_next_header(walk, next) : from_protocol(walk, next);
}

}  // namespace tessera::packet::detail
