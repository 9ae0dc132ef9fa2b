#include "layers.hpp"

namespace tessera::packet::detail {

namespace {

Header from_ppp_protocol(Walk& walk, unsigned protocol) noexcept {
    switch (protocol) {
        case 0x0021:
            return Header::ipv4;
        case 0x0057:
            return Header::ipv6;
        case 0x0281:
        case 0x0283:
            return Header::mpls;
        default:
            return walk.stop(Drop::not_ip);
    }
}

}  // namespace

// RFC 1661 and 1662: address and control may be left out, and so may the zero high byte of the
// protocol (its low byte is odd, a whole protocol's high byte even). A serial line in Cisco HDLC
// framing comes under the same link types.
Header ppp(Walk& walk) noexcept {
    if (!walk.holds(2)) return walk.stop(Drop::truncated_link_header);
    auto const lead = walk.u16(0);
    if (lead == 0x0f00 || lead == 0x8f00) return Header::cisco_hdlc;
    if (lead == 0xff03) walk.skip(2);
    if (!walk.holds(2)) return walk.stop(Drop::truncated_link_header);
    bool const compressed = (walk.u8(0) & 1U) != 0;
    unsigned const protocol = compressed ? walk.u8(0) : walk.u16(0);
    walk.skip(compressed ? 1 : 2);
    return from_ppp_protocol(walk, protocol);
}

// RFC 2516: version and type, code, session, length.
Header pppoe(Walk& walk) noexcept {
    constexpr std::size_t size = 6;
    if (!walk.holds(size)) return walk.stop(Drop::truncated_link_header);
    bool const session_data = walk.u8(1) == 0;
    walk.skip(size);
    walk.carriers.add(Tunnel::pppoe);
    return session_data ? Header::ppp : walk.stop(Drop::not_ip);
}

}  // namespace tessera::packet::detail
