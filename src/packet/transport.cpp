#include "layers.hpp"

namespace tessera::packet::detail {

namespace {

// Checks a header of `size` bytes against datagram and capture, and notes where all parts lie.
Header finish(Walk& walk, Protocol protocol, std::size_t size) noexcept {
    if (size > walk.on_wire()) return walk.stop(Drop::malformed_transport_header);
    if (!walk.holds(size)) return walk.stop(Drop::truncated_transport_header);
    auto& packet = walk.packet;
    packet.protocol = protocol;
    packet.source.port = walk.u16(0);
    packet.destination.port = walk.u16(2);
    packet.transport = static_cast<std::uint32_t>(walk.offset());
    packet.payload = static_cast<std::uint32_t>(walk.offset() + size);
    packet.payload_length = static_cast<std::uint32_t>(walk.on_wire() - size);
    packet.end = static_cast<std::uint32_t>(walk.end());
    return Header::done;
}

Header too_short(Walk& walk, std::size_t least) noexcept {
    return walk.stop(walk.on_wire() < least ? Drop::malformed_transport_header
                                            : Drop::truncated_transport_header);
}

}  // namespace

// RFC 9293, 3.1.
Header tcp(Walk& walk) noexcept {
    constexpr std::size_t least = 20;
    if (!walk.holds(least)) return too_short(walk, least);
    std::size_t const size = (walk.u8(12) >> 4U) * 4U;
    if (size < least) return walk.stop(Drop::malformed_transport_header);
    walk.packet.tcp_flags = walk.u8(13);
    return finish(walk, Protocol::tcp, size);
}

// RFC 768. A length of 0 comes with segmentation left to the card; the IP length says how much
// there is in any case.
Header udp(Walk& walk) noexcept {
    constexpr std::size_t size = 8;
    if (!walk.holds(size)) return too_short(walk, size);
    auto const length = walk.u16(4);
    if (length != 0 && length < size) return walk.stop(Drop::malformed_transport_header);
    return finish(walk, Protocol::udp, size);
}

}  // namespace tessera::packet::detail
