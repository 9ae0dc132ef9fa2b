#include "layers.hpp"

#include <tessera/packet/decode.hpp>

namespace tessera::packet {

namespace {

using detail::Header;

// Headers followed in one frame: a service provider's stack (tags, labels, PPPoE, two tunnels,
// extension headers) stays below; a frame made to exhaust us does not.
constexpr unsigned max_headers = 32;

Header advance(Header header, detail::Walk& walk) noexcept {
    switch (header) {
        case Header::ethernet:
            return detail::ethernet(walk);
        case Header::vlan:
            return detail::vlan(walk);
        case Header::llc:
            return detail::llc(walk);
        case Header::mpls:
            return detail::mpls(walk);
        case Header::pppoe:
            return detail::pppoe(walk);
        case Header::ppp:
            return detail::ppp(walk);
        case Header::cisco_hdlc:
            return detail::cisco_hdlc(walk);
        case Header::null_loopback:
            return detail::null_loopback(walk);
        case Header::linux_cooked:
            return detail::linux_cooked(walk);
        case Header::linux_cooked_v2:
            return detail::linux_cooked_v2(walk);
        case Header::ieee80211:
            return detail::ieee80211(walk);
        case Header::radiotap:
            return detail::radiotap(walk);
        case Header::avs:
            return detail::avs(walk);
        case Header::prism:
            return detail::prism(walk);
        case Header::ppi:
            return detail::ppi(walk);
        case Header::ip:
            return detail::ip(walk);
        case Header::ipv4:
            return detail::ipv4(walk);
        case Header::ipv6:
            return detail::ipv6(walk);
        case Header::ipv6_extension:
            return detail::ipv6_extension(walk);
        case Header::ipv6_fragment:
            return detail::ipv6_fragment(walk);
        case Header::authentication:
            return detail::authentication(walk);
        case Header::gre:
            return detail::gre(walk);
        case Header::tcp:
            return detail::tcp(walk);
        case Header::udp:
            return detail::udp(walk);
        case Header::done:
        case Header::dropped:
            break;
    }
    return header;
}

}  // namespace

std::variant<Packet, Drop> decode(Frame const& frame) noexcept {
    std::variant<Packet, Drop> result;
    detail::Walk walk(frame, *std::get_if<Packet>(&result));
    auto header = detail::first_header(frame.link);
    if (header == Header::dropped) return Drop::unknown_link_type;
    for (unsigned met = 0; header < Header::done; ++met) {
        if (met == max_headers) return Drop::nested_too_deep;
        header = advance(header, walk);
    }
    if (header == Header::dropped) return walk.drop;
    walk.packet.bytes = frame.bytes;
    walk.packet.time = frame.time;
    walk.packet.wire_length = frame.wire_length;
    return result;
}

}  // namespace tessera::packet
