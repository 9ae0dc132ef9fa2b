#pragma once

#include "hidden_fields.hpp"

#include <cstddef>
#include <span>

#include <tessera/packet/packet.hpp>

namespace tessera::token {

/// Makes the checksums of IPv4, TCP and UDP (pseudo-header of IPv4 or IPv6) right for the packet as
/// it is masked now. `masked` [packet.end]: the packet's bytes from the frame's first on, checksums
/// zero. They stay zero where none can be right: of a header hidden whole, of a datagram that is a
/// fragment or was not captured whole, with a destination other than the header's (source routes,
/// home addresses), and of UDP that came without one.
void recompute_checksums(packet::Packet const& packet, HiddenFields hidden,
                         std::span<std::byte> masked);

}  // namespace tessera::token
