#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace tessera::packet {

/// Why a packet that was read is not used. Every packet is kept or counted under one of these.
enum class Drop : std::uint8_t {
    unknown_link_type,
    truncated_link_header,
    not_ip,  ///< ARP, LLDP, 802.11 management, ..
    truncated_ip_header,
    malformed_ip_header,
    ip_fragment,  ///< a later fragment: its ports are in the first one
    not_tcp_or_udp,
    truncated_transport_header,
    malformed_transport_header,
    nested_too_deep,  ///< more tunnels or extension headers than we follow
    filtered,         ///< the user's BPF filter says no
    count_,
};

inline constexpr std::size_t drop_reasons = static_cast<std::size_t>(Drop::count_);

/// The name in manifests and reports, e.g. "not_ip".
char const* name(Drop drop);

/// Packets dropped, by reason (index = Drop).
struct DropCounts {
    std::array<std::uint64_t, drop_reasons> by_reason{};

    void add(Drop drop) { ++by_reason[static_cast<std::size_t>(drop)]; }
    std::uint64_t operator[](Drop drop) const { return by_reason[static_cast<std::size_t>(drop)]; }
    std::uint64_t total() const;
    DropCounts& operator+=(DropCounts const& other);
};

}  // namespace tessera::packet
