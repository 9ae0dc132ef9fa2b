#pragma once

#include "layers.hpp"

/// The headers that nearly every packet passes, inline so that decode() is one run of code for
/// them.
namespace tessera::packet::detail {

inline Header ethernet(Walk& walk) noexcept {
    constexpr std::size_t size = 14;
    if (!walk.holds(size)) return walk.stop(Drop::truncated_link_header);
    auto const type = walk.u16(12);
    walk.skip(size);
    return type == 0x0800 ? Header::ipv4 : from_ether_type(walk, type);
}

// RFC 791. A total length of 0 comes from hosts that leave segmentation to the network card: the
// datagram is the rest of the frame.
inline Header ipv4(Walk& walk) noexcept {
    constexpr std::size_t least = 20;
    if (!walk.holds(least)) return walk.stop(Drop::truncated_ip_header);
    auto const first = walk.u8(0);
    std::size_t const header = (first & 0x0fU) * 4U;
    std::size_t const total = walk.u16(2);
    bool const right_length = header >= least && (total == 0 || total >= header);
    if (first >> 4U != 4 || !right_length) return walk.stop(Drop::malformed_ip_header);
    if (!walk.holds(header)) return walk.stop(Drop::truncated_ip_header);
    walk.enter_ip(4);
    constexpr unsigned more_or_offset = 0x3fff;
    if ((walk.u16(6) & more_or_offset) != 0 && stops_ipv4_fragment(walk, header, total)) {
        return Header::dropped;
    }
    auto const protocol = walk.u8(9);
    if (total != 0) walk.limit(total);
    walk.skip(header);
    if (protocol == 6) return Header::tcp;
    return protocol == 17 ? Header::udp : from_protocol(walk, protocol);
}

}  // namespace tessera::packet::detail
