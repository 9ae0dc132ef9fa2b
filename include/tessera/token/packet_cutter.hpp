#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <tessera/base/options.hpp>
#include <tessera/packet/packet.hpp>
#include <tessera/token/masking.hpp>

namespace tessera::token {

struct TokenConfig {
    std::string tokenizer = "bigram";   ///< overlapping byte bigrams
    std::string masking = "default";    ///< masking profile, by name
    std::string start = "network";      ///< first byte kept: link, network, transport or payload
    std::int64_t bytes_per_packet = 64; ///< bytes kept from there (the reference keeps 64)
};

void describe(base::OptionTable& options, TokenConfig& config);

/// Cuts the bytes to keep out of a packet, masked; no allocation.
class PacketCutter {
  public:
    explicit PacketCutter(TokenConfig const& config);

    /// Masked bytes of the packet from the configured start, at most `bytes_per_packet`, none past
    /// the datagram. Valid until the next call.
    base::ByteSpan cut(packet::Packet const& packet);
};

}  // namespace tessera::token
