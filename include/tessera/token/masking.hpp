#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tessera::token {

/// A header field that a profile may hide. Each is found at its parsed offset, never at a fixed
/// byte count.
enum class Field : std::uint8_t {
    link_header,    ///< everything before the IP header (MAC addresses, VLAN tags, tunnels)
    addresses,      ///< IPv4 and IPv6 source and destination
    ports,          ///< TCP and UDP
    ip_id,          ///< IPv4 identification, IPv6 flow label
    checksums,      ///< IPv4 header, TCP, UDP
    tcp_sequence,   ///< sequence and acknowledgement number
    tcp_timestamp,  ///< value and echo of the TCP time-stamp option (RFC 7323)
    tcp_window,
    tcp_options,  ///< all options
    ttl,          ///< IPv4 time to live, IPv6 hop limit
    payload,
    count_,
};

/// What is hidden: the bytes of each named field become zero before tokens are cut.
struct MaskingProfile {
    std::string name;
    std::vector<Field> hidden;

    bool hides(Field field) const;
};

/// "default" hides what names a host or a flow (MAC, addresses, ports, IP id, checksums, TCP
/// sequence, acknowledgement and time stamps); "none" hides nothing; "headers-only" also hides the
/// payload. Error(usage) lists the known names.
MaskingProfile masking_profile(std::string_view name);

std::vector<std::string> masking_profiles();

}  // namespace tessera::token
