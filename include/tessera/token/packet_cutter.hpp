#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include <tessera/base/bytes.hpp>
#include <tessera/packet/packet.hpp>
#include <tessera/token/masking.hpp>
#include <tessera/token/token_config.hpp>

namespace tessera::token {

enum class Layout : std::uint8_t;
class UsualHeaders;
class Window;

/// Cuts the bytes to keep out of a packet, masked; no allocation. For Deep Packet they are laid out
/// in its own way:
/// - tokenizer deep-packet, as the paper says (arXiv 1709.02656, 4.2): the header of UDP is filled
///   up with zeros to the 20 bytes of a TCP header;
/// - deep-packet-as-coded, as github.com/munhouiani/Deep-Packet does at ce15b90: all that follows
///   the Ethernet header (any other frame whole, tags and trailers included), the outer IPv4
///   addresses zero, 12 zero bytes between a UDP datagram and its trailer.
/// Zeros up to 1,500 bytes are left to the reader.
class PacketCutter {
  public:
    /// Error(usage) for an unknown profile or start, or a number of bytes out of range.
    explicit PacketCutter(TokenConfig const& config);

    /// Packets are of this capture from here on: by its name flows with equal ends get other random
    /// values in other captures (TokenConfig::mask_values).
    void begin_capture(std::string_view name);

    /// Masked bytes of the packet from the configured start, at most `bytes_per_packet`, none past
    /// the datagram unless keeps_trailer says so. Valid until the next call.
    base::ByteSpan cut(packet::Packet const& packet);

  private:
    enum class Start : std::uint8_t { link, network, transport, payload, byte_38 };

    static Start start_named(std::string const& name);
    base::ByteSpan masked(packet::Packet const& packet);
    void hide(packet::Packet const& packet, Window window) const;
    std::size_t first_byte(packet::Packet const& packet) const;
    std::size_t end(packet::Packet const& packet) const;

    Start start_;
    Layout layout_;
    std::uint32_t hidden_ = 0;    ///< bit 1 << Field for each hidden field
    bool hides_payload_ = false;  ///< or a part of it
    bool keeps_trailer_ = false;
    bool randomises_ = false;
    bool recomputes_ = false;  ///< checksums
    std::uint64_t mask_seed_;
    std::uint64_t mask_key_ = 0;                  ///< of the capture
    std::array<std::uint8_t, 256> ipv4_options_;  ///< see OptionRules
    std::array<std::uint8_t, 256> tcp_options_;
    std::shared_ptr<UsualHeaders const> usual_;  ///< null: the rules do more than hide headers
    std::size_t limit_;                          ///< bytes kept of a packet
    std::vector<std::byte> buffer_;  ///< of those bytes, and as many as usual headers may have
    std::vector<std::byte> whole_;   ///< the packet masked, where checksums are recomputed
};

}  // namespace tessera::token
