#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <tessera/base/bytes.hpp>
#include <tessera/packet/packet.hpp>

namespace tessera::token {

/// Protocol numbers of headers that may stand between the IP and the transport header.
namespace extension {
inline constexpr std::uint8_t hop_by_hop = 0;
inline constexpr std::uint8_t routing = 43;
inline constexpr std::uint8_t fragment = 44;
inline constexpr std::uint8_t authentication = 51;
inline constexpr std::uint8_t destination_options = 60;
}  // namespace extension

/// RFC 8200, 4 and RFC 4302, 2: bytes of the header at `first`.
inline std::size_t extension_size(base::ByteSpan packet, std::uint8_t kind, std::size_t first) {
    std::size_t const length = base::load_byte(packet, first + 1);
    if (kind == extension::fragment) return 8;
    return kind == extension::authentication ? 8 + length * 4 : 8 + length * 8;
}

/// Where the IPv4 header without its extensions ends, its options included.
inline std::size_t ipv4_end(packet::Packet const& packet) {
    auto const size = (base::load_byte(packet.bytes, packet.network) & 0x0fU) * 4U;
    return std::min<std::size_t>(packet.network + size, packet.transport);
}

/// Calls `use(kind, first, last)` for each header between the packet's IP and transport header.
template <class Use>
void for_each_extension(packet::Packet const& packet, Use const& use) {
    bool const four = packet.ip_version == 4;
    std::size_t first = four ? ipv4_end(packet) : packet.network + std::size_t{40};
    auto kind = base::load_byte(packet.bytes, packet.network + (four ? 9U : 6U));
    while (base::holds(packet.transport, first, 8)) {
        auto const last = std::min<std::size_t>(first + extension_size(packet.bytes, kind, first),
                                                packet.transport);
        use(kind, first, last);
        kind = base::load_byte(packet.bytes, first);
        first = last;
    }
}

}  // namespace tessera::token
