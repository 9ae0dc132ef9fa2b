#pragma once

#include "hidden_fields.hpp"
#include "window.hpp"

#include <cstdint>

#include <tessera/packet/packet.hpp>

namespace tessera::token {

/// Puts random values into the fields that were hidden: drawn for the flow, so one flow's packets
/// agree and no two flows do.
/// - MAC addresses (Ethernet), IP addresses and ports: values of their own for each end;
/// - TCP sequence and acknowledgement numbers with SACK edges, TCP time stamps, IPv4
///   identification, IPv6 flow label, TCP window: moved by a random amount for each end, the same
///   for what it sends and what the other answers, so differences within the flow stay as they are.
///   A field that says nothing (no ACK flag; an identification or label of 0) is 0;
/// - the server name: letters; a whole header: bytes, for each direction.
/// What is hidden besides (tags and labels before IP, fields of other options and of extension
/// headers, digests) stays zero.
void randomise(packet::Packet const& packet, HiddenFields hidden, std::uint64_t key,
               Window& window);

}  // namespace tessera::token
