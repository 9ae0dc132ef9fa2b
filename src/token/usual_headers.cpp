#include "usual_headers.hpp"

#include <cstring>
#include <vector>

#include <tessera/base/bytes.hpp>

namespace tessera::token {

namespace {

constexpr std::size_t ipv4_header = 20;
constexpr std::size_t ipv6_header = 40;
constexpr std::size_t udp_header = 8;
constexpr std::size_t tcp_header = 20;
constexpr std::size_t time_stamps = 12;  // two no-operations, kind, length, two stamps

// No-operation twice, kind 8, length 10 (RFC 7323, appendix A).
constexpr std::array time_stamps_begin{std::byte{1}, std::byte{1}, std::byte{8}, std::byte{10}};

bool begins_time_stamps(std::byte const* options) {
    return std::memcmp(options, time_stamps_begin.data(), time_stamps_begin.size()) == 0;
}

enum Transport : std::size_t { udp, plain_tcp, stamped_tcp, transports };

std::size_t length(std::size_t transport) {
    if (transport == udp) return udp_header;
    return transport == plain_tcp ? tcp_header : tcp_header + time_stamps;
}

std::optional<Transport> transport_of(packet::Packet const& packet) {
    std::size_t const header = packet.payload - packet.transport;
    if (packet.protocol == packet::Protocol::udp) {
        return header == udp_header ? std::optional(udp) : std::nullopt;
    }
    if (header == tcp_header) return plain_tcp;
    bool const stamped = header == tcp_header + time_stamps &&
                         begins_time_stamps(packet.bytes.data() + packet.transport + tcp_header);
    return stamped ? std::optional(stamped_tcp) : std::nullopt;
}

std::optional<std::size_t> row_of(packet::Packet const& packet) {
    bool const four = packet.ip_version == 4;
    if (packet.transport - packet.network != (four ? ipv4_header : ipv6_header)) {
        return std::nullopt;
    }
    auto const transport = transport_of(packet);
    if (!transport) return std::nullopt;
    return (four ? 0 : std::size_t{transports}) + *transport;
}

/// A packet of a row, nothing but its headers.
struct Example {
    std::vector<std::byte> bytes;
    packet::Packet packet;
};

void set(Example& example, std::size_t at, std::size_t value) {
    example.bytes[at] = static_cast<std::byte>(value);
}

Example example_of(bool four, std::size_t transport) {
    auto const network = four ? ipv4_header : ipv6_header;
    Example example;
    example.bytes.resize(network + length(transport));
    set(example, 0, four ? 0x45 : 0x60);
    set(example, four ? 9 : 6, transport == udp ? 17 : 6);
    if (transport != udp) set(example, network + 12, length(transport) / 4 << 4U);
    if (transport == stamped_tcp) {
        std::memcpy(&example.bytes[network + tcp_header], time_stamps_begin.data(),
                    time_stamps_begin.size());
    }
    auto& packet = example.packet;
    packet.bytes = example.bytes;
    packet.transport = static_cast<std::uint32_t>(network);
    packet.payload = packet.end = static_cast<std::uint32_t>(example.bytes.size());
    packet.ip_version = four ? 4 : 6;
    packet.protocol = transport == udp ? packet::Protocol::udp : packet::Protocol::tcp;
    return example;
}

}  // namespace

UsualHeaders::UsualHeaders(Hide const& hide) {
    static_assert(rows == 2 * std::size_t{transports});
    for (std::size_t row = 0; row < rows; ++row) {
        auto const example = example_of(row < transports, row % transports);
        std::array<std::byte, size> left;
        left.fill(std::byte{0xff});
        hide(example.packet, left);
        std::memcpy(left_[row].data(), left.data(), size);
    }
}

bool UsualHeaders::hide(packet::Packet const& packet, std::span<std::byte, size> kept) const {
    auto const row = row_of(packet);
    if (!row) return false;
    Bits bits;
    std::memcpy(bits.data(), kept.data(), size);
    for (std::size_t i = 0; i < bits.size(); ++i) bits[i] &= left_[*row][i];
    std::memcpy(kept.data(), bits.data(), size);
    return true;
}

}  // namespace tessera::token
