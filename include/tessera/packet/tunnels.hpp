#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace tessera::packet {

/// What carries a packet between its link and its own IP header.
enum class Tunnel : std::uint8_t {
    mpls,
    pppoe,
    ip_in_ip,  ///< IPv4 in IPv4 or IPv6, IPv6 in IPv6
    six_in_four,
    gre,
    vxlan,
    geneve,
    gtp_user,
    teredo,
    count_,
};

inline constexpr std::size_t tunnel_kinds = static_cast<std::size_t>(Tunnel::count_);

/// The name in manifests, e.g. "ip_in_ip", "6in4", "gtp-u".
char const* name(Tunnel tunnel);

/// Those on the way to one packet, each once.
class TunnelSet {
  public:
    void add(Tunnel tunnel) noexcept { bits_ |= bit(tunnel); }
    void add(TunnelSet others) noexcept { bits_ |= others.bits_; }
    bool has(Tunnel tunnel) const noexcept { return (bits_ & bit(tunnel)) != 0; }
    bool any() const noexcept { return bits_ != 0; }

  private:
    static std::uint32_t bit(Tunnel tunnel) noexcept { return 1U << static_cast<unsigned>(tunnel); }

    std::uint32_t bits_ = 0;
};

/// Packets by what carried them; one in several tunnels counts with each.
struct TunnelCounts {
    std::array<std::uint64_t, tunnel_kinds> by_kind{};

    void add(TunnelSet tunnels) {
        if (!tunnels.any()) return;
        for (std::size_t i = 0; i < tunnel_kinds; ++i) {
            by_kind[i] += tunnels.has(static_cast<Tunnel>(i)) ? 1U : 0U;
        }
    }
    TunnelCounts& operator+=(TunnelCounts const& other) {
        for (std::size_t i = 0; i < tunnel_kinds; ++i) by_kind[i] += other.by_kind[i];
        return *this;
    }
    std::uint64_t operator[](Tunnel tunnel) const {
        return by_kind[static_cast<std::size_t>(tunnel)];
    }
};

}  // namespace tessera::packet
