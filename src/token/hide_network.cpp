#include "hide_network.hpp"

#include <algorithm>

namespace tessera::token {

namespace {

// Protocol numbers of headers that may stand between the IP and the transport header.
enum : std::uint8_t {
    hop_by_hop = 0,
    routing = 43,
    fragment = 44,
    authentication = 51,
    destination_options = 60,
};

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
        case fragment:
            if (hidden.has(Field::ip_id)) window.zero<4>(first + 4);
            return;
        case authentication:
            return hide_in_authentication(first, last, hidden, window);
        case hop_by_hop:
        case destination_options:
            if (hidden.has(Field::addresses)) hide_home_address(packet, first + 2, last, window);
            return;
        case routing:  // RFC 8200, 4.4: addresses after the first 8 bytes
            if (hidden.has(Field::addresses)) window.zero_range(first + 8, last);
            return;
        default:  // mobility, host identity, shim6: made of addresses, tags and their checksums
            if (hidden.has(Field::addresses)) window.zero_range(first + 4, last);
    }
}

std::size_t extension_size(base::ByteSpan packet, std::uint8_t kind, std::size_t first) {
    std::size_t const length = base::load_byte(packet, first + 1);
    if (kind == fragment) return 8;
    return kind == authentication ? 8 + length * 4 : 8 + length * 8;
}

// Goes along the chain from `first` to the transport header.
void hide_in_extensions(packet::Packet const& packet, std::uint8_t kind, std::size_t first,
                        HiddenFields hidden, Window& window) {
    while (base::holds(packet.transport, first, 8)) {
        auto const last = std::min<std::size_t>(first + extension_size(packet.bytes, kind, first),
                                                packet.transport);
        hide_in_extension(packet.bytes, kind, first, last, hidden, window);
        kind = base::load_byte(packet.bytes, first);
        first = last;
    }
}

void hide_in_ipv4(packet::Packet const& packet, HiddenFields hidden, OptionRules const& rules,
                  Window& window) {
    std::size_t const ip = packet.network;
    if (hidden.has(Field::ip_id)) window.zero<2>(ip + 4);
    if (hidden.has(Field::ttl)) window.zero<1>(ip + 8);
    if (hidden.has(Field::checksums)) window.zero<2>(ip + 10);
    if (hidden.has(Field::addresses)) window.zero<8>(ip + 12);
    auto const size = (base::load_byte(packet.bytes, ip) & 0x0fU) * 4U;
    auto const end = std::min<std::size_t>(ip + size, packet.transport);
    if (size > 20) hide_in_options(packet.bytes, ip + 20, end, rules, window);
    if (end < packet.transport) {
        hide_in_extensions(packet, base::load_byte(packet.bytes, ip + 9), end, hidden, window);
    }
}

void hide_in_ipv6(packet::Packet const& packet, HiddenFields hidden, Window& window) {
    std::size_t const ip = packet.network;
    if (hidden.has(Field::ip_id)) {  // the flow label: the low 20 bits of the first word
        window.keep_bits(ip + 1, 0xf0);
        window.zero<2>(ip + 2);
    }
    if (hidden.has(Field::ttl)) window.zero<1>(ip + 7);
    if (hidden.has(Field::addresses)) window.zero<32>(ip + 8);
    hide_in_extensions(packet, base::load_byte(packet.bytes, ip + 6), ip + 40, hidden, window);
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
