#include "hide_network.hpp"

#include "extension_headers.hpp"

#include <algorithm>

namespace tessera::token {

namespace {

// The home address (RFC 6275, 6.3) is an address; other options name no host. IPv6 codes options
// unlike IPv4: the length leaves out type and length, and only type 0 is a single byte.
void hide_home_address(base::ByteSpan packet, std::size_t first, std::size_t last, Window& window) {
    constexpr std::uint8_t home_address = 201;
    for (auto at = first; at < last;) {
        auto const type = base::load_byte(packet, at);
        if (type == 0) {
            ++at;
            continue;
        }
        std::size_t const length = at + 1 < last ? 2U + base::load_byte(packet, at + 1) : last - at;
        if (type == home_address) window.zero_range(at + 2, std::min(at + length, last));
        at += length;
    }
}

// RFC 4302: security parameters index, sequence number, integrity check value.
void hide_in_authentication(std::size_t first, std::size_t last, HiddenFields hidden,
                            Window& window) {
    if (hidden.has(Field::ip_id)) window.zero<4>(first + 4);
    if (hidden.has(Field::tcp_sequence)) window.zero_range(first + 8, std::min(first + 12, last));
    if (hidden.has(Field::checksums)) window.zero_range(first + 12, last);
}

void hide_in_extension(base::ByteSpan packet, std::uint8_t kind, std::size_t first,
                       std::size_t last, HiddenFields hidden, Window& window) {
    switch (kind) {
        case extension::fragment:
            if (hidden.has(Field::ip_id)) window.zero<4>(first + 4);
            return;
        case extension::authentication:
            return hide_in_authentication(first, last, hidden, window);
        case extension::hop_by_hop:
        case extension::destination_options:
            if (hidden.has(Field::addresses)) hide_home_address(packet, first + 2, last, window);
            return;
        case extension::routing:  // RFC 8200, 4.4: addresses after the first 8 bytes
            if (hidden.has(Field::addresses)) window.zero_range(first + 8, last);
            return;
        default:  // mobility, host identity, shim6: made of addresses, tags and their checksums
            if (hidden.has(Field::addresses)) window.zero_range(first + 4, last);
    }
}

void hide_in_extensions(packet::Packet const& packet, HiddenFields hidden, Window& window) {
    for_each_extension(packet, [&](std::uint8_t kind, std::size_t first, std::size_t last) {
        hide_in_extension(packet.bytes, kind, first, last, hidden, window);
    });
}

void hide_in_ipv4(packet::Packet const& packet, HiddenFields hidden, OptionRules const& rules,
                  Window& window) {
    std::size_t const ip = packet.network;
    if (hidden.has(Field::ip_id)) window.zero<2>(ip + 4);
    if (hidden.has(Field::ttl)) window.zero<1>(ip + 8);
    if (hidden.has(Field::checksums)) window.zero<2>(ip + 10);
    if (hidden.has(Field::addresses)) window.zero<8>(ip + 12);
    auto const end = ipv4_end(packet);
    if (end > ip + 20) hide_in_options(packet.bytes, ip + 20, end, rules, window);
    if (end < packet.transport) hide_in_extensions(packet, hidden, window);
}

void hide_in_ipv6(packet::Packet const& packet, HiddenFields hidden, Window& window) {
    std::size_t const ip = packet.network;
    if (hidden.has(Field::ip_id)) {  // the flow label: the low 20 bits of the first word
        window.keep_bits(ip + 1, 0xf0);
        window.zero<2>(ip + 2);
    }
    if (hidden.has(Field::ttl)) window.zero<1>(ip + 7);
    if (hidden.has(Field::addresses)) window.zero<32>(ip + 8);
    hide_in_extensions(packet, hidden, window);
}

}  // namespace

void hide_in_network(packet::Packet const& packet, HiddenFields hidden, OptionRules const& rules,
                     Window& window) {
    if (hidden.has(Field::network_header)) {
        window.zero_range(packet.network, packet.transport);
    } else if (packet.ip_version == 4) {
        hide_in_ipv4(packet, hidden, rules, window);
    } else {
        hide_in_ipv6(packet, hidden, window);
    }
}

}  // namespace tessera::token
