#include "checksums.hpp"

#include "extension_headers.hpp"
#include "window.hpp"

#include <optional>

#include <tessera/base/bytes.hpp>
#include <tessera/packet/internet_checksum.hpp>

namespace tessera::token {

namespace {

using base::load_big_endian;

// RFC 791: more fragments follow, or this is a later one.
bool is_ipv4_fragment(packet::Packet const& packet) {
    constexpr std::uint16_t more_or_offset = 0x3fff;
    return (load_big_endian<std::uint16_t>(packet.bytes, packet.network + 6) & more_or_offset) != 0;
}

bool has_source_route(packet::Packet const& packet) {
    auto const last = ipv4_end(packet);
    for (std::size_t at = packet.network + std::size_t{20}; at < last;) {
        auto const kind = base::load_byte(packet.bytes, at);
        if (kind == 0) return false;
        if (kind == 131 || kind == 137) return true;
        std::size_t const length =
            kind == 1 ? 1 : (at + 1 < last ? base::load_byte(packet.bytes, at + 1) : 0U);
        if (length == 0) return true;  // who knows what follows
        at += length;
    }
    return false;
}

// Any header of these kinds may name other ends than the IPv6 header does, or say that the datagram
// goes on elsewhere.
bool is_plain(packet::Packet const& packet) {
    bool plain = true;
    for_each_extension(packet, [&](std::uint8_t kind, std::size_t first, std::size_t) {
        if (kind == extension::routing) {
            plain = plain && base::load_byte(packet.bytes, first + 3) == 0;  // segments left
        } else if (kind == extension::fragment) {
            plain = plain && (load_big_endian<std::uint16_t>(packet.bytes, first + 2) & ~6U) == 0;
        } else if (kind != extension::hop_by_hop && kind != extension::authentication) {
            plain = false;
        }
    });
    return plain;
}

// Whether all was captured that the IP header announces; 0 there is left by segmentation on a card.
bool is_whole(packet::Packet const& packet) {
    bool const four = packet.ip_version == 4;
    std::size_t const length =
        load_big_endian<std::uint16_t>(packet.bytes, packet.network + (four ? 2U : 4U));
    return length == 0 || packet.network + length + (four ? 0U : 40U) == packet.end;
}

/// Bytes that the transport checksum covers; none when it cannot be computed.
std::optional<std::size_t> covered(packet::Packet const& packet) {
    bool const four = packet.ip_version == 4;
    bool const known_ends =
        four ? !is_ipv4_fragment(packet) && !has_source_route(packet) : is_plain(packet);
    if (!is_whole(packet) || !known_ends) return std::nullopt;
    std::size_t const present = packet.end - packet.transport;
    if (packet.protocol == packet::Protocol::tcp) return present;
    std::size_t const length = load_big_endian<std::uint16_t>(packet.bytes, packet.transport + 4);
    bool const sent = load_big_endian<std::uint16_t>(packet.bytes, packet.transport + 6) != 0;
    if (!sent || length > present) return std::nullopt;
    return length == 0 ? present : length;
}

void set_ipv4_checksum(packet::Packet const& packet, std::span<std::byte> masked) {
    packet::InternetChecksum sum;
    sum.add(masked.subspan(packet.network, ipv4_end(packet) - packet.network));
    Window(masked, 0).put_number(packet.network + std::size_t{10}, sum.value());
}

void set_transport_checksum(packet::Packet const& packet, std::span<std::byte> masked,
                            std::size_t size) {
    bool const tcp = packet.protocol == packet::Protocol::tcp;
    bool const four = packet.ip_version == 4;
    packet::InternetChecksum sum;
    sum.add(four ? masked.subspan(packet.network + 12, 8) : masked.subspan(packet.network + 8, 32));
    sum.add(static_cast<std::uint64_t>(packet.protocol));
    sum.add(size);
    sum.add(masked.subspan(packet.transport, size));
    auto const checksum = sum.value();
    constexpr std::uint16_t zero_of_udp = 0xffff;  // RFC 768: 0 says that there is none
    Window(masked, 0).put_number(packet.transport + (tcp ? std::size_t{16} : std::size_t{6}),
                                 checksum == 0 && !tcp ? zero_of_udp : checksum);
}

}  // namespace

void recompute_checksums(packet::Packet const& packet, HiddenFields hidden,
                         std::span<std::byte> masked) {
    if (hidden.has(Field::network_header)) return;
    if (packet.ip_version == 4) set_ipv4_checksum(packet, masked);
    if (hidden.has(Field::transport_header)) return;
    if (auto const size = covered(packet)) set_transport_checksum(packet, masked, *size);
}

}  // namespace tessera::token
