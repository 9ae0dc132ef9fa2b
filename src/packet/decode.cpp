#include "common_layers.hpp"
#include "transport.hpp"

#include <algorithm>

#include <tessera/packet/decode.hpp>
#include <tessera/packet/fragment.hpp>

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
        case Header::udp:
        case Header::dropped:
            break;
    }
    return header;
}

// From any header to the transport header or a drop.
Header walk_on(Header header, detail::Walk& walk) noexcept {
    for (unsigned met = 0; header < Header::tcp; ++met) {
        if (met == max_headers) return walk.stop(Drop::nested_too_deep);
        header = advance(header, walk);
    }
    return header;
}

Header walk_from_link(LinkType link, detail::Walk& walk) noexcept {
    auto const first = detail::first_header(link);
    return first == Header::dropped ? walk.stop(Drop::unknown_link_type) : walk_on(first, walk);
}

// Of datagrams inside each other: a frame made to exhaust us goes no deeper.
constexpr unsigned max_udp_tunnels = 4;

// The UDP datagram itself, whatever it carries.
detail::Result datagram(detail::Walk const& walk, Frame const& frame, Packet& packet) noexcept {
    auto const drop = detail::udp(walk, frame, packet);
    auto inside = walk;
    packet.holds_tunnel = walk.holds(8) && detail::udp_tunnel(inside) != Header::dropped;
    return drop;
}

// The innermost TCP or UDP packet: of a datagram that carries none that can be read, it is itself.
detail::Result udp_or_inside(detail::Walk walk, Frame const& frame, Packet& packet, Tunnels tunnels,
                             detail::Walk* stopped) noexcept {
    if (tunnels == Tunnels::outer) {
        Packet inside;
        bool const found = !udp_or_inside(walk, frame, inside, Tunnels::inner, nullptr);
        if (found) walk.carriers.add(inside.carriers);
        return datagram(walk, frame, packet);
    }
    for (unsigned met = 0; met < max_udp_tunnels && walk.holds(8); ++met) {
        auto inside = walk;
        auto const header = walk_on(detail::udp_tunnel(inside), inside);
        if (header == Header::tcp && !detail::tcp(inside, frame, packet)) return std::nullopt;
        bool const piece = header == Header::dropped && inside.drop == Drop::ip_fragment;
        if (piece && inside.stops_at_piece(0)) {
            if (stopped != nullptr) *stopped = inside;
            return Drop::ip_fragment;
        }
        if (header != Header::udp || detail::udp(inside, frame, packet)) break;
        walk = inside;
    }
    return datagram(walk, frame, packet);
}

// Ethernet and IPv4 go straight through; whatever else they lead to, the loop follows. A copy of
// its own in decode(), where nobody asks where it stopped, so that offsets stay in registers.
[[gnu::always_inline]] inline detail::Result decode_by(Frame const& frame, Packet& packet,
                                                       Tunnels tunnels, Fragments fragments,
                                                       detail::Walk* stopped) noexcept {
    detail::Walk walk(frame, fragments);
    auto header = Header::dropped;
    if (frame.link == LinkType::ethernet) {
        header = detail::ethernet(walk);
        if (header == Header::ipv4) header = detail::ipv4(walk);
        header = walk_on(header, walk);
    } else {
        header = walk_from_link(frame.link, walk);
    }
    switch (header) {
        case Header::tcp:
            return detail::tcp(walk, frame, packet);
        case Header::udp:
            return udp_or_inside(walk, frame, packet, tunnels, stopped);
        default:
            if (stopped != nullptr) *stopped = walk;
            return walk.drop;
    }
}

}  // namespace

std::optional<Drop> decode(Frame const& frame, Packet& packet, Tunnels tunnels,
                           Fragments fragments) noexcept {
    return decode_by(frame, packet, tunnels, fragments, nullptr);
}

std::variant<Packet, Drop> decode(Frame const& frame, Tunnels tunnels) noexcept {
    Packet packet;
    if (auto const drop = decode(frame, packet, tunnels)) return *drop;
    return packet;
}

std::optional<Fragment> find_fragment(Frame const& frame, Tunnels tunnels) noexcept {
    detail::Walk walk(frame);
    Packet packet;
    auto const drop = decode_by(frame, packet, tunnels, Fragments::none, &walk);
    if (drop != Drop::ip_fragment) return std::nullopt;
    auto const narrow = [](std::size_t value) { return static_cast<std::uint32_t>(value); };
    auto const& piece = walk.piece;
    detail::set_addresses(walk, frame.bytes, packet);
    return Fragment{.source = packet.source.address,
                    .destination = packet.destination.address,
                    .id = piece.id,
                    .protocol = piece.protocol,
                    .ip_version = static_cast<std::uint8_t>(walk.ip_version),
                    .more = piece.more,
                    .in_tunnel = walk.ip_headers > 1,
                    .carriers = walk.carriers,
                    .network = narrow(walk.network),
                    .begin = narrow(piece.begin),
                    .captured = narrow(std::min(piece.size, walk.end() - piece.begin)),
                    .size = narrow(piece.size),
                    .offset = piece.offset};
}

}  // namespace tessera::packet
