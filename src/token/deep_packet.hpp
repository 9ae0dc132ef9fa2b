#pragma once

#include <cstddef>
#include <span>

#include <tessera/base/bytes.hpp>
#include <tessera/packet/packet.hpp>

namespace tessera::token {

/// Puts 12 zero bytes after the UDP header in `bytes`, whose first `size` bytes were copied from
/// offset `begin` of the packet; what no longer fits is lost. TCP packets stay as they are.
base::ByteSpan fill_up_udp(packet::Packet const& packet, std::size_t size, std::size_t begin,
                           std::span<std::byte> bytes);

/// The packet as the public re-implementation lays it out, at most `bytes.size()` bytes.
base::ByteSpan deep_packet_as_coded(packet::Packet const& packet, std::span<std::byte> bytes);

}  // namespace tessera::token
