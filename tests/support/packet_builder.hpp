#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>

#include <tessera/packet/packet.hpp>

/// Frames made by hand for tests. Written apart from the parsers, so that the two check each other.
namespace tessera::test {

using Bytes = std::vector<std::byte>;

inline void put(Bytes& bytes, std::uint64_t value, unsigned count) {  // big-endian
    while (count-- > 0) bytes.push_back(static_cast<std::byte>((value >> (8 * count)) & 0xff));
}

/// Say `using test::operator+;` outside this namespace: vectors belong to std.
inline Bytes operator+(Bytes left, Bytes const& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

inline Bytes text(std::string_view characters) {
    Bytes bytes;
    for (char const c : characters) bytes.push_back(static_cast<std::byte>(c));
    return bytes;
}

/// "45 00 0028" -> bytes; blanks are skipped.
inline Bytes hex(std::string_view digits) {
    Bytes bytes;
    std::string pair;
    for (char const c : digits) {
        if (c == ' ' || c == '\n') continue;
        pair += c;
        if (pair.size() < 2) continue;
        bytes.push_back(static_cast<std::byte>(std::stoi(pair, nullptr, 16)));
        pair.clear();
    }
    if (!pair.empty()) throw std::invalid_argument("odd number of hex digits");
    return bytes;
}

/// Network bytes of "10.0.0.1" (4) or "2001:db8::1" (16).
inline Bytes address_bytes(std::string const& address) {
    bool const six = address.find(':') != std::string::npos;
    Bytes bytes(six ? 16 : 4);
    if (inet_pton(six ? AF_INET6 : AF_INET, address.c_str(), bytes.data()) != 1) {
        throw std::invalid_argument("no address: " + address);
    }
    return bytes;
}

inline packet::Address address(std::string const& name) {
    auto const bytes = address_bytes(name);
    packet::Address result;
    if (bytes.size() == 4) result.bytes[10] = result.bytes[11] = 0xff;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        result.bytes[16 - bytes.size() + i] = std::to_integer<std::uint8_t>(bytes[i]);
    }
    return result;
}

/// RFC 1071.
inline std::uint16_t internet_checksum(Bytes const& bytes) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        sum += std::to_integer<std::uint32_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
    }
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
}

inline void set_u16(Bytes& bytes, std::size_t offset, std::uint16_t value) {
    bytes.at(offset) = static_cast<std::byte>(value >> 8);
    bytes.at(offset + 1) = static_cast<std::byte>(value & 0xff);
}

/// One TCP or UDP packet; addresses decide between IPv4 and IPv6.
struct PacketSpec {
    packet::Protocol protocol = packet::Protocol::tcp;
    std::string source = "10.0.0.1";
    std::string destination = "10.0.0.2";
    std::uint16_t source_port = 40000;
    std::uint16_t destination_port = 443;
    std::uint8_t tcp_flags = packet::tcp_flag::ack;
    std::uint32_t sequence = 1;
    std::uint32_t acknowledgement = 1;
    std::uint16_t window = 8192;
    std::uint16_t ip_id = 1;
    std::uint8_t ttl = 64;
    Bytes tcp_options = {};  ///< a multiple of 4 bytes
    Bytes ip_options = {};   ///< IPv4 only, a multiple of 4 bytes
    Bytes payload = {};

    bool is_ipv6() const { return source.find(':') != std::string::npos; }
};

inline Bytes ethernet(std::uint16_t type, Bytes const& payload) {
    auto frame = hex("02 00 00 00 00 02  02 00 00 00 00 01");
    put(frame, type, 2);
    return frame + payload;
}

inline Bytes vlan(std::uint16_t id, std::uint16_t type, Bytes const& payload) {
    Bytes tag;
    put(tag, id, 2);
    put(tag, type, 2);
    return tag + payload;
}

/// An IPv4 header with a right checksum; `flags_and_offset` as on the wire (0x2000 = more follow).
inline Bytes ipv4(unsigned protocol, std::string const& source, std::string const& destination,
                  Bytes const& payload, Bytes const& options = {},
                  std::uint16_t flags_and_offset = 0, std::uint16_t id = 1, std::uint8_t ttl = 64) {
    auto const header_size = 20 + options.size();
    Bytes header;
    put(header, 0x40 | header_size / 4, 1);
    put(header, 0, 1);
    put(header, header_size + payload.size(), 2);
    put(header, id, 2);
    put(header, flags_and_offset, 2);
    put(header, ttl, 1);
    put(header, protocol, 1);
    put(header, 0, 2);
    header = header + address_bytes(source) + address_bytes(destination) + options;
    set_u16(header, 10, internet_checksum(header));
    return header + payload;
}

inline Bytes ipv6(unsigned next_header, std::string const& source, std::string const& destination,
                  Bytes const& payload, std::uint8_t hop_limit = 64) {
    Bytes header;
    put(header, 0x60012345, 4);  // flow label 0x12345
    put(header, payload.size(), 2);
    put(header, next_header, 1);
    put(header, hop_limit, 1);
    return header + address_bytes(source) + address_bytes(destination) + payload;
}

/// The TCP or UDP header and payload, checksum over the pseudo-header (RFC 9293 3.1, RFC 768).
inline Bytes transport(PacketSpec const& spec) {
    bool const tcp = spec.protocol == packet::Protocol::tcp;
    Bytes header;
    put(header, spec.source_port, 2);
    put(header, spec.destination_port, 2);
    if (tcp) {
        put(header, spec.sequence, 4);
        put(header, spec.acknowledgement, 4);
        put(header, (5 + spec.tcp_options.size() / 4) << 4, 1);
        put(header, spec.tcp_flags, 1);
        put(header, spec.window, 2);
        put(header, 0, 4);
    } else {
        put(header, 8 + spec.payload.size(), 2);
        put(header, 0, 2);
    }
    auto segment = header + (tcp ? spec.tcp_options : Bytes{}) + spec.payload;
    auto pseudo = address_bytes(spec.source) + address_bytes(spec.destination);
    put(pseudo, segment.size(), 4);
    put(pseudo, static_cast<unsigned>(spec.protocol), 4);
    set_u16(segment, tcp ? 16 : 6, internet_checksum(pseudo + segment));
    return segment;
}

/// From the IP header on.
inline Bytes ip_packet(PacketSpec const& spec) {
    auto const number = static_cast<unsigned>(spec.protocol);
    auto const segment = transport(spec);
    if (spec.is_ipv6()) return ipv6(number, spec.source, spec.destination, segment, spec.ttl);
    return ipv4(number, spec.source, spec.destination, segment, spec.ip_options, 0, spec.ip_id,
                spec.ttl);
}

/// Ethernet, IP, transport, payload.
inline Bytes frame(PacketSpec const& spec) {
    return ethernet(spec.is_ipv6() ? 0x86dd : 0x0800, ip_packet(spec));
}

}  // namespace tessera::test
