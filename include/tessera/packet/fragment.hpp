#pragma once

#include <cstdint>
#include <optional>

#include <tessera/packet/decode.hpp>
#include <tessera/packet/frame.hpp>
#include <tessera/packet/packet.hpp>

namespace tessera::packet {

/// A piece of an IP datagram (RFC 791, RFC 8200 4.5) as it stands in a frame. Offsets count from
/// the first byte of the frame; the headers before `begin` were captured whole.
struct Fragment {
    Address source;
    Address destination;
    std::uint32_t id = 0;
    std::uint8_t protocol = 0;  ///< what the datagram carries
    std::uint8_t ip_version = 4;
    bool more = false;           ///< pieces follow this one
    bool in_tunnel = false;      ///< other IP headers stand before its own
    TunnelSet carriers = {};     ///< tunnels around it
    std::uint32_t network = 0;   ///< its IP header
    std::uint32_t begin = 0;     ///< first byte of the piece
    std::uint32_t captured = 0;  ///< bytes of the piece in the frame; <= size
    std::uint32_t size = 0;      ///< bytes of the piece on the wire
    std::uint32_t offset = 0;    ///< of the piece in what the datagram carries
};

/// The fragment that `decode` with Fragments::none calls Drop::ip_fragment.
std::optional<Fragment> find_fragment(Frame const& frame, Tunnels tunnels) noexcept;

}  // namespace tessera::packet
