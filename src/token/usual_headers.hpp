#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include <tessera/packet/packet.hpp>

namespace tessera::token {

/// Nearly all packets have one of six rows of headers: IPv4 without options or IPv6 without
/// extensions, then UDP, TCP without options, or TCP with time stamps as stacks align them (two
/// no-operations before). What rules that only zero bits leave of such headers lies at fixed bits:
/// the rules are run once for each row, a packet takes one pass of AND.
class UsualHeaders {
  public:
    /// Bytes from the network header on; the longest row has 72.
    static constexpr std::size_t size = 80;

    /// Applies the rules to `kept`, the bytes of the packet from its network header on.
    using Hide = std::function<void(packet::Packet const&, std::span<std::byte> kept)>;

    /// `hide` looks at no byte of these headers but the lengths and the kinds of options.
    explicit UsualHeaders(Hide const& hide);

    /// True where the packet has such headers: then `kept`, `size` bytes of which some may lie
    /// behind what is kept of the packet, is as the rules leave it.
    bool hide(packet::Packet const& packet, std::span<std::byte, size> kept) const;

  private:
    static constexpr std::size_t rows = 6;
    using Bits = std::array<std::uint64_t, size / sizeof(std::uint64_t)>;

    std::array<Bits, rows> left_;  ///< [row] ones where a bit stays
};

}  // namespace tessera::token
