#include "deep_packet.hpp"

#include <algorithm>
#include <cstring>

namespace tessera::token {

namespace {

constexpr std::size_t missing = 12;  // of a UDP header to the 20 bytes of TCP's

/// The outermost IP datagram of a frame.
struct Datagram {
    std::size_t begin = 0;
    std::size_t end = 0;
    unsigned version = 0;  ///< 0: none that the re-implementation would see
};

constexpr std::size_t ethernet_header = 14;

bool is_tag(std::uint16_t type) {
    return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

// Where the network header begins; the frame's size when it is not at a place that scapy knows.
std::size_t network_header(packet::Packet const& packet) {
    auto const& bytes = packet.bytes;
    std::size_t at = 0;
    switch (packet.link) {
        case packet::LinkType::ethernet:
            at = ethernet_header;
            while (base::holds(bytes.size(), at, 4) &&
                   is_tag(base::load_big_endian<std::uint16_t>(bytes, at - 2))) {
                at += 4;
            }
            return at;
        case packet::LinkType::linux_cooked:
            return 16;
        case packet::LinkType::raw_ip_bsd:
        case packet::LinkType::raw_ip_openbsd:
        case packet::LinkType::raw_ip:
        case packet::LinkType::ipv4:
        case packet::LinkType::ipv6:
            return 0;
        case packet::LinkType::null_loopback:
        case packet::LinkType::loop:
            return 4;
        default:
            return bytes.size();
    }
}

Datagram outer_datagram(packet::Packet const& packet) {
    auto const& bytes = packet.bytes;
    auto const begin = network_header(packet);
    if (!base::holds(bytes.size(), begin, 20)) return {};
    unsigned const version = base::load_byte(bytes, begin) >> 4U;
    bool const six = version == 6 && base::holds(bytes.size(), begin, 40);
    if (version != 4 && !six) return {};
    std::size_t const length =
        six ? 40U + base::load_big_endian<std::uint16_t>(bytes, begin + 4)
            : std::size_t{base::load_big_endian<std::uint16_t>(bytes, begin + 2)};
    return {begin, begin + std::min(length, bytes.size() - begin), version};
}

// Copies what fits; returns the bytes filled so far.
std::size_t append(base::ByteSpan from, std::span<std::byte> bytes, std::size_t filled) {
    auto const count = std::min(from.size(), bytes.size() - filled);
    if (count > 0) std::memcpy(bytes.data() + filled, from.data(), count);
    return filled + count;
}

}  // namespace

base::ByteSpan fill_up_udp(packet::Packet const& packet, std::size_t size, std::size_t begin,
                           std::span<std::byte> bytes) {
    if (packet.protocol != packet::Protocol::udp || begin > packet.transport) {
        return bytes.first(size);
    }
    auto const header_end = packet.payload - begin;
    if (size < header_end) return bytes.first(size);
    auto const filled = std::min(size + missing, bytes.size());
    auto const zeros = std::min(missing, bytes.size() - header_end);
    std::memmove(bytes.data() + header_end + zeros, bytes.data() + header_end,
                 filled - header_end - zeros);
    std::memset(bytes.data() + header_end, 0, zeros);
    return bytes.first(filled);
}

base::ByteSpan deep_packet_as_coded(packet::Packet const& packet, std::span<std::byte> bytes) {
    bool const ethernet = packet.link == packet::LinkType::ethernet;
    auto const begin = ethernet ? ethernet_header : 0;
    auto const datagram = outer_datagram(packet);
    bool const padded = packet.protocol == packet::Protocol::udp && datagram.version != 0;
    auto const trailer = padded ? datagram.end : packet.bytes.size();
    auto filled = append(packet.bytes.subspan(begin, trailer - begin), bytes, 0);
    if (trailer < packet.bytes.size()) {
        constexpr std::byte zeros[missing]{};
        filled = append(zeros, bytes, filled);
        filled = append(packet.bytes.subspan(trailer), bytes, filled);
    }
    if (datagram.version == 4) {
        auto const first = std::min(datagram.begin - begin + 12, filled);
        std::memset(bytes.data() + first, 0, std::min(first + 8, filled) - first);
    }
    return bytes.first(filled);
}

}  // namespace tessera::token
