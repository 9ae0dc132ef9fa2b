#include "hide_transport.hpp"

#include <algorithm>

namespace tessera::token {

namespace {

void hide_in_tcp(packet::Packet const& packet, HiddenFields hidden, OptionRules const& rules,
                 Window& window) {
    std::size_t const tcp = packet.transport;
    if (hidden.has(Field::tcp_sequence)) window.zero<8>(tcp + 4);
    if (hidden.has(Field::tcp_window)) window.zero<2>(tcp + 14);
    if (hidden.has(Field::checksums)) window.zero<2>(tcp + 16);
    auto const options = tcp + 20;
    if (hidden.has(Field::tcp_options)) {
        window.zero_range(options, packet.payload);
    } else {  // none is looked at past the bytes kept
        auto const last = std::min<std::size_t>(packet.payload, window.end());
        if (options < last) hide_in_options(packet.bytes, options, last, rules, window);
    }
}

}  // namespace

void hide_in_transport(packet::Packet const& packet, HiddenFields hidden, OptionRules const& rules,
                       Window& window) {
    if (hidden.has(Field::transport_header)) {
        return window.zero_range(packet.transport, packet.payload);
    }
    if (hidden.has(Field::ports)) window.zero<4>(packet.transport);
    if (packet.protocol == packet::Protocol::tcp) {
        hide_in_tcp(packet, hidden, rules, window);
    } else if (hidden.has(Field::checksums)) {
        window.zero<2>(packet.transport + 6);
    }
}

}  // namespace tessera::token
