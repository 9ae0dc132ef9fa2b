#include "hidden_fields.hpp"
#include "hide_network.hpp"
#include "hide_transport.hpp"
#include "option_rules.hpp"
#include "window.hpp"

#include <algorithm>
#include <cstring>

#include <tessera/base/error.hpp>
#include <tessera/token/packet_cutter.hpp>

namespace tessera::token {

namespace {

constexpr std::int64_t most_bytes = 65'535;  // of an IPv4 datagram

std::size_t buffer_size(std::int64_t bytes_per_packet) {
    base::validate(bytes_per_packet >= 1 && bytes_per_packet <= most_bytes, base::ExitCode::usage,
                   "token.bytes_per_packet is {}: give 1 to {}", bytes_per_packet, most_bytes);
    return static_cast<std::size_t>(bytes_per_packet);
}

}  // namespace

PacketCutter::PacketCutter(TokenConfig const& config)
    : start_(start_named(config.start)), buffer_(buffer_size(config.bytes_per_packet)) {
    HiddenFields const hidden(masking_profile(config.masking));
    hidden_ = hidden.bits();
    ipv4_options_ = ipv4_option_rules(hidden);
    tcp_options_ = tcp_option_rules(hidden);
}

PacketCutter::Start PacketCutter::start_named(std::string const& name) {
    if (name == "link") return Start::link;
    if (name == "network") return Start::network;
    if (name == "transport") return Start::transport;
    if (name == "payload") return Start::payload;
    base::fail(base::ExitCode::usage,
               "token.start is '{}': give link, network, transport or payload", name);
}

std::size_t PacketCutter::first_byte(packet::Packet const& packet) const {
    switch (start_) {
        case Start::link:
            return 0;
        case Start::network:
            return packet.network;
        case Start::transport:
            return packet.transport;
        case Start::payload:
            return packet.payload;
    }
    return packet.payload;
}

base::ByteSpan PacketCutter::cut(packet::Packet const& packet) {
    auto const begin = first_byte(packet);
    auto const size = std::min<std::size_t>(packet.end - begin, buffer_.size());
    auto const kept = std::span(buffer_).first(size);
    std::memcpy(kept.data(), packet.bytes.data() + begin, size);
    HiddenFields const hidden(hidden_);
    Window window(kept, begin);
    if (hidden.has(Field::link_header)) window.zero_range(0, packet.network);
    if (begin < packet.transport) hide_in_network(packet, hidden, ipv4_options_, window);
    if (begin < packet.payload) hide_in_transport(packet, hidden, tcp_options_, window);
    if (hidden.has(Field::payload)) window.zero_range(packet.payload, packet.end);
    return kept;
}

}  // namespace tessera::token
