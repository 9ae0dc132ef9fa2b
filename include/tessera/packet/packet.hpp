#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>

#include <tessera/base/bytes.hpp>
#include <tessera/base/time.hpp>
#include <tessera/packet/frame.hpp>
#include <tessera/packet/tunnels.hpp>

namespace tessera::packet {

enum class Protocol : std::uint8_t { tcp = 6, udp = 17 };

/// "tcp" or "udp".
char const* name(Protocol protocol);

/// An IPv4 address (mapped into ::ffff:0:0/96) or an IPv6 address, network byte order.
struct Address {
    std::array<std::uint8_t, 16> bytes{};

    auto operator<=>(Address const&) const = default;
    bool is_ipv4() const;
};

/// Dotted decimal or RFC 5952 text.
std::string to_text(Address const& address);

struct Endpoint {
    Address address;
    std::uint16_t port = 0;

    auto operator<=>(Endpoint const&) const = default;
};

/// TCP flag bits as in the header (RFC 9293, 3.1).
namespace tcp_flag {
inline constexpr std::uint8_t fin = 0x01;
inline constexpr std::uint8_t syn = 0x02;
inline constexpr std::uint8_t rst = 0x04;
inline constexpr std::uint8_t psh = 0x08;
inline constexpr std::uint8_t ack = 0x10;
}  // namespace tcp_flag

/// The decoded fields of one TCP or UDP packet. Offsets count from the first byte of the frame and
/// satisfy network <= transport <= payload <= end <= bytes.size(): every header below `payload`
/// was captured whole.
struct Packet {
    base::ByteSpan bytes;  ///< the frame's captured bytes, not owned
    base::Nanoseconds time = 0;
    std::uint32_t wire_length = 0;     ///< bytes on the wire, whole frame
    std::uint32_t payload_length = 0;  ///< transport payload on the wire, from the IP length
    std::uint32_t network = 0;         ///< the IP header that carries the transport header
    std::uint32_t transport = 0;       ///< the TCP or UDP header
    std::uint32_t payload = 0;         ///< first byte after the transport header
    std::uint32_t end = 0;             ///< past the captured datagram: link padding is left out
    std::uint8_t ip_version = 4;
    std::uint8_t tunnels = 0;   ///< IP headers passed on the way to this one (IP-in-IP, VXLAN, ..)
    TunnelSet carriers;         ///< tunnels around it; of an outer datagram, those inside it too
    bool holds_tunnel = false;  ///< UDP whose payload is a tunnel's, with no packet in it that is
                                ///< used: somebody else's headers may stand there
    std::uint8_t tcp_flags = 0;
    Protocol protocol = Protocol::tcp;
    LinkType link = LinkType::ethernet;  ///< how the frame begins
    Endpoint source;
    Endpoint destination;
};

}  // namespace tessera::packet
