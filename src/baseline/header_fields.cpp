#include <algorithm>
#include <array>

#include <tessera/base/error.hpp>
#include <tessera/base/hash.hpp>
#include <tessera/baseline/header_fields.hpp>
#include <tessera/packet/decode.hpp>

namespace tessera::baseline {

namespace {

using base::ByteSpan;
using packet::Packet;
using Value = std::optional<std::uint64_t>;

constexpr std::uint64_t packets_searched = 10;  // for payload and a server name

/// The number of `size` bytes at an offset; its hash when it is longer than 8.
Value at(ByteSpan bytes, std::size_t offset, std::size_t size) {
    if (!base::holds(bytes.size(), offset, size) || size == 0) return std::nullopt;
    auto const field = bytes.subspan(offset, size);
    if (size > 8) return base::hash64(field, 0);
    std::uint64_t value = 0;
    for (auto const byte : field) value = value << 8U | std::to_integer<std::uint64_t>(byte);
    return value;
}

/// IPv6: the 8 bits after the version (RFC 8200, 3).
Value traffic_class(ByteSpan bytes, std::size_t ip) {
    auto const value = at(bytes, ip, 2);
    return value ? Value(*value >> 4U & 0xffU) : value;
}

void add_network(FieldValues& values, Packet const& packet) {
    auto const bytes = packet.bytes;
    std::size_t const ip = packet.network;
    auto const is_v4 = packet.ip_version == 4;
    values.push_back(at(bytes, ip, 1));  // version, header length
    values.push_back(is_v4 ? at(bytes, ip + 1, 1) : traffic_class(bytes, ip));
    values.push_back(is_v4 ? at(bytes, ip + 2, 2) : at(bytes, ip + 4, 2));
    values.push_back(is_v4 ? at(bytes, ip + 4, 2) : at(bytes, ip + 1, 3));
    values.push_back(is_v4 ? at(bytes, ip + 6, 2) : Value());
    values.push_back(at(bytes, is_v4 ? ip + 8 : ip + 7, 1));
    values.push_back(is_v4 ? at(bytes, ip + 10, 2) : Value());
    values.push_back(is_v4 ? at(bytes, ip + 12, 4) : at(bytes, ip + 8, 16));
    values.push_back(is_v4 ? at(bytes, ip + 16, 4) : at(bytes, ip + 24, 16));
}

/// The time stamp of RFC 7323; the kinds of all options, in order.
struct TcpOptions {
    Value timestamp;
    Value echo;
    Value maximum_segment;
    Value window_scale;
    Value kinds;
};

TcpOptions options_of(ByteSpan bytes, std::size_t first, std::size_t last) {
    TcpOptions options;
    std::vector<std::byte> kinds;
    for (auto place = first; place < last;) {
        auto const kind = base::load_byte(bytes, place);
        kinds.push_back(bytes[place]);
        if (kind == 0) break;
        std::size_t const length = kind == 1          ? 1
                                   : place + 1 < last ? base::load_byte(bytes, place + 1)
                                                      : 0;
        if (length == 0 || length > last - place || (kind != 1 && length < 2)) break;
        if (kind == 2 && length == 4) options.maximum_segment = at(bytes, place + 2, 2);
        if (kind == 3 && length == 3) options.window_scale = at(bytes, place + 2, 1);
        if (kind == 8 && length == 10) {
            options.timestamp = at(bytes, place + 2, 4);
            options.echo = at(bytes, place + 6, 4);
        }
        place += length;
    }
    if (!kinds.empty()) options.kinds = base::hash64(kinds, 0);
    return options;
}

void add_transport(FieldValues& values, Packet const& packet) {
    auto const bytes = packet.bytes;
    std::size_t const head = packet.transport;
    auto const is_tcp = packet.protocol == packet::Protocol::tcp;
    auto const tcp = [&](std::size_t offset, std::size_t size) {
        return is_tcp ? at(bytes, head + offset, size) : Value();
    };
    values.push_back(static_cast<std::uint64_t>(packet.protocol));
    values.push_back(at(bytes, head, 2));
    values.push_back(at(bytes, head + 2, 2));
    values.push_back(at(bytes, is_tcp ? head + 16 : head + 6, 2));  // checksum
    values.push_back(is_tcp ? Value() : at(bytes, head + 4, 2));    // UDP length
    values.push_back(tcp(4, 4));
    values.push_back(tcp(8, 4));
    values.push_back(tcp(12, 2));  // header length and flags
    values.push_back(tcp(14, 2));
    auto const options = is_tcp ? options_of(bytes, head + 20, packet.payload) : TcpOptions();
    values.insert(values.end(), {options.timestamp, options.echo, options.maximum_segment,
                                 options.window_scale, options.kinds});
}

/// The packet in bytes that were cut from an IP header on, and perhaps shorter than it was.
std::optional<Packet> parsed(ByteSpan bytes) {
    packet::Frame const frame{bytes, static_cast<std::uint32_t>(bytes.size()),
                              packet::LinkType::raw_ip, 0};
    auto const result = packet::decode(frame, packet::Tunnels::outer);
    auto const* packet = std::get_if<Packet>(&result);
    return packet == nullptr ? std::nullopt : std::optional(*packet);
}

std::string const& tokenizer_of(dataset::Store const& store) {
    return store.manifest().identity.tokenizer.name;
}

/// What stands in payload: the first bytes that any packet brings, and a server name.
void add_payload(FieldValues& values, dataset::Store const& store, dataset::FlowView const& flow) {
    Value first;
    Value server;
    for (std::uint64_t i = 0; i < std::min(flow.packets, packets_searched); ++i) {
        auto const bytes =
            bytes_of(store.packet(flow.first_packet + i).tokens, tokenizer_of(store));
        auto const packet = parsed(bytes);
        if (!packet) continue;
        if (!first) first = at(bytes, packet->payload, 4);
        auto const name = tls_server_name(ByteSpan(bytes).subspan(packet->payload));
        if (name && !server) server = base::hash64(std::as_bytes(std::span(*name)), 0);
    }
    values.insert(values.end(), {first, server});
}

}  // namespace

std::vector<HeaderField> const& header_fields() {
    static std::vector<HeaderField> const fields{
        {"IP version and header length"},
        {"IP type of service"},
        {"IP length"},
        {"IP identification, flow label", true},
        {"IPv4 fragment flags"},
        {"IP time to live"},
        {"IPv4 checksum"},
        {"source address"},
        {"destination address"},
        {"protocol"},
        {"source port", true},
        {"destination port"},
        {"TCP, UDP checksum"},
        {"UDP length"},
        {"TCP sequence number", true},
        {"TCP acknowledgement number", true},
        {"TCP header length and flags"},
        {"TCP window"},
        {"TCP time stamp", true},
        {"TCP time stamp echo", true},
        {"TCP maximum segment"},
        {"TCP window scale"},
        {"TCP option kinds"},
        {"first 4 bytes of payload"},
        {"TLS server name"},
    };
    return fields;
}

std::vector<std::byte> bytes_of(std::span<token::TokenId const> tokens,
                                std::string_view tokenizer) {
    auto const pairs = tokenizer == "bigram-pairs";
    auto const single = tokenizer == "byte";
    base::validate(pairs || single || tokenizer == "bigram", base::ExitCode::usage,
                   "header fields cannot be read back from tokens of '{}'; make a store with "
                   "--tokenizer bigram, bigram-pairs or byte",
                   tokenizer);
    std::vector<std::byte> bytes;
    bytes.reserve(2 * tokens.size());
    for (auto const& token : tokens) {
        if (!single) bytes.push_back(static_cast<std::byte>(token >> 8U));
        auto const last = &token == &tokens.back();
        if (single || pairs || last) bytes.push_back(static_cast<std::byte>(token & 0xffU));
    }
    return bytes;
}

FieldValues field_values(dataset::Store const& store, dataset::FlowView const& flow) {
    FieldValues values;
    if (flow.packets > 0) {
        auto const bytes = bytes_of(store.packet(flow.first_packet).tokens, tokenizer_of(store));
        if (auto const packet = parsed(bytes)) {
            add_network(values, *packet);
            add_transport(values, *packet);
        }
    }
    values.resize(header_fields().size() - 2);
    add_payload(values, store, flow);
    return values;
}

}  // namespace tessera::baseline
