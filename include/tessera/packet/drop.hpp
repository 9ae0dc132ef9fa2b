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
    ip_fragment,         ///< a piece of a datagram that counts as one packet, or cut by the snap
                         ///< length so that it cannot be put to the others
    fragment_malformed,  ///< of a datagram above 65,535 bytes, with holes that nothing can fill, ..
    fragment_overlap,    ///< of a datagram whose pieces cover each other (teardrop; RFC 5722)
    fragment_timeout,    ///< the other pieces did not come in time
    fragment_evicted,    ///< the table of fragments was full
    fragment_incomplete,  ///< the capture ended before the other pieces came
    not_tcp_or_udp,
    truncated_transport_header,
    malformed_transport_header,
    nested_too_deep,  ///< more tunnels or extension headers than we follow
    filtered,         ///< the user's BPF filter says no
    short_flow,       ///< its flow has fewer packets than the user wants
    left_out_bgp,     ///< from here on: protocols that the user leaves out, see LeftOut
    left_out_dhcp,
    left_out_dns,
    left_out_llmnr,
    left_out_lsd,
    left_out_mdns,
    left_out_nat_pmp,
    left_out_nbns,
    left_out_ntp,
    left_out_snmp,
    left_out_ssdp,
    left_out_stun,
    count_,
};

inline constexpr std::size_t drop_reasons = static_cast<std::size_t>(Drop::count_);

/// The name in manifests and reports, e.g. "not_ip".
char const* name(Drop drop);

/// Packets dropped, by reason (index = Drop).
struct DropCounts {
    std::array<std::uint64_t, drop_reasons> by_reason{};

    void add(Drop drop, std::uint64_t packets = 1) {
        by_reason[static_cast<std::size_t>(drop)] += packets;
    }
    std::uint64_t operator[](Drop drop) const { return by_reason[static_cast<std::size_t>(drop)]; }
    std::uint64_t total() const;
    DropCounts& operator+=(DropCounts const& other);
};

}  // namespace tessera::packet
