#include "checksums.hpp"
#include "deep_packet.hpp"
#include "hidden_fields.hpp"
#include "hide_network.hpp"
#include "hide_payload.hpp"
#include "hide_transport.hpp"
#include "option_rules.hpp"
#include "randomise.hpp"
#include "tokenizer_table.hpp"
#include "usual_headers.hpp"
#include "window.hpp"

#include <algorithm>
#include <cstring>

#include <tessera/base/error.hpp>
#include <tessera/base/hash.hpp>
#include <tessera/token/packet_cutter.hpp>

namespace tessera::token {

PacketCutter::PacketCutter(TokenConfig const& config)
    : start_(start_named(config.start)),
      layout_(tokenizer_entry(config.tokenizer).layout),
      mask_seed_(config.mask_seed),
      limit_(kept_bytes(config)),
      buffer_(std::max(limit_, UsualHeaders::size)) {
    HiddenFields const hidden(masking_of(config));
    hidden_ = hidden.bits();
    hides_payload_ = hidden.has(Field::payload) || hidden.has(Field::server_name) ||
                     hidden.has(Field::payload_as_ones) || hidden.has(Field::payload_as_random);
    base::validate(layout_ != Layout::deep_packet_as_coded || hidden_ == 0, base::ExitCode::usage,
                   "tokenizer deep-packet-as-coded hides what its reference hides: give it "
                   "--masking none --checksums profile");
    base::validate(
        layout_ != Layout::deep_packet_as_coded || start_ == Start::network, base::ExitCode::usage,
        "tokenizer deep-packet-as-coded begins where its reference begins: leave --start "
        "as it is");
    keeps_trailer_ = keeps_trailer(config);
    randomises_ = hidden_ != 0 && config.mask_values == "random";
    recomputes_ = config.checksums == "recompute";
    ipv4_options_ = ipv4_option_rules(hidden);
    tcp_options_ = tcp_option_rules(hidden);
    if (start_ == Start::network && !hides_payload_ && !randomises_ && !recomputes_) {
        usual_ = std::make_shared<UsualHeaders const>(
            [&](packet::Packet const& packet, std::span<std::byte> kept) {
                hide(packet, Window(kept, packet.network));
            });
    }
}

PacketCutter::Start PacketCutter::start_named(std::string const& name) {
    if (name == "link") return Start::link;
    if (name == "network") return Start::network;
    if (name == "transport") return Start::transport;
    if (name == "payload") return Start::payload;
    if (name == "byte-38") return Start::byte_38;
    base::fail(base::ExitCode::usage,
               "token.start is '{}': give link, network, transport, payload or byte-38", name);
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
        case Start::byte_38:
            return std::min<std::size_t>(38, end(packet));
    }
    return packet.payload;
}

std::size_t PacketCutter::end(packet::Packet const& packet) const {
    return keeps_trailer_ ? packet.bytes.size() : packet.end;
}

base::ByteSpan PacketCutter::cut(packet::Packet const& packet) {
    switch (layout_) {
        case Layout::plain:
            break;
        case Layout::deep_packet:
            return fill_up_udp(packet, masked(packet).size(), first_byte(packet),
                               std::span(buffer_).first(limit_));
        case Layout::deep_packet_as_coded:
            return deep_packet_as_coded(packet, std::span(buffer_).first(limit_));
    }
    return masked(packet);
}

void PacketCutter::begin_capture(std::string_view name) {
    mask_key_ = base::hash64(std::as_bytes(std::span(name)), mask_seed_);
}

base::ByteSpan PacketCutter::masked(packet::Packet const& packet) {
    auto const begin = first_byte(packet);
    auto const size = std::min<std::size_t>(end(packet) - begin, limit_);
    auto const kept = std::span(buffer_).first(size);
    if (recomputes_) {  // a checksum is of the whole datagram, whatever is kept of it
        whole_.assign(packet.bytes.begin(), packet.bytes.begin() + packet.end);
        hide(packet, Window(whole_, 0));
        recompute_checksums(packet, HiddenFields(hidden_), whole_);
        std::memcpy(kept.data(), whole_.data() + begin, size);
    } else {
        std::memcpy(kept.data(), packet.bytes.data() + begin, size);
        auto const headers = std::span(buffer_).first<UsualHeaders::size>();
        if (!usual_ || !usual_->hide(packet, headers)) hide(packet, Window(kept, begin));
    }
    return kept;
}

void PacketCutter::hide(packet::Packet const& packet, Window window) const {
    HiddenFields const hidden(hidden_);
    auto const begin = window.begin();
    if (hidden.has(Field::link_header)) window.zero_range(0, packet.network);
    if (begin < packet.transport) hide_in_network(packet, hidden, ipv4_options_, window);
    if (begin < packet.payload) hide_in_transport(packet, hidden, tcp_options_, window);
    if (hides_payload_) hide_in_payload(packet, hidden, window);
    if (randomises_) randomise(packet, hidden, mask_key_, window);
}

}  // namespace tessera::token
