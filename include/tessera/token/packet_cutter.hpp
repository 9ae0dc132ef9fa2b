#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <tessera/base/bytes.hpp>
#include <tessera/packet/packet.hpp>
#include <tessera/token/masking.hpp>
#include <tessera/token/token_config.hpp>

namespace tessera::token {

/// Cuts the bytes to keep out of a packet, masked; no allocation.
class PacketCutter {
  public:
    /// Error(usage) for an unknown profile or start, or a number of bytes out of range.
    explicit PacketCutter(TokenConfig const& config);

    /// Masked bytes of the packet from the configured start, at most `bytes_per_packet`, none past
    /// the datagram. Valid until the next call.
    base::ByteSpan cut(packet::Packet const& packet);

  private:
    enum class Start : std::uint8_t { link, network, transport, payload };

    static Start start_named(std::string const& name);
    std::size_t first_byte(packet::Packet const& packet) const;

    Start start_;
    std::uint32_t hidden_ = 0;                    ///< bit 1 << Field for each hidden field
    std::array<std::uint8_t, 256> ipv4_options_;  ///< see OptionRules
    std::array<std::uint8_t, 256> tcp_options_;
    std::vector<std::byte> buffer_;  ///< [bytes_per_packet]
};

}  // namespace tessera::token
