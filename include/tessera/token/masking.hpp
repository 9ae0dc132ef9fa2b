#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tessera::token {

/// A part of a packet that a profile may hide. Each is found at its parsed offset, never at a fixed
/// byte count.
enum class Field : std::uint8_t {
    link_header,    ///< everything before the IP header (MAC addresses, VLAN tags, tunnels)
    addresses,      ///< IPv4 and IPv6, those in IP options, extension headers, MPTCP included
    ports,          ///< TCP and UDP
    ip_id,          ///< IPv4 identification and stream id, IPv6 flow label, fragment id, AH SPI
    checksums,      ///< IPv4 header, TCP, UDP; digests in TCP options and AH
    tcp_sequence,   ///< sequence and acknowledgement number, SACK edges, MPTCP, AH sequence
    tcp_timestamp,  ///< value and echo of the TCP time-stamp option (RFC 7323) and its forerunner
    tcp_window,
    tcp_options,  ///< all options
    ttl,          ///< IPv4 time to live, IPv6 hop limit
    payload,
    network_header,     ///< the whole IP header, options and extension headers included
    transport_header,   ///< the whole TCP or UDP header
    server_name,        ///< host name in a TLS ClientHello (RFC 6066), where it begins the payload
    payload_as_ones,    ///< the payload, bytes 0xff in its place
    payload_as_random,  ///< the payload, random bytes in its place: the same in every run
    count_,
};

/// The name in manifests, e.g. "tcp_sequence".
char const* name(Field field);

/// What is hidden: the bytes of each named field become zero before tokens are cut.
struct MaskingProfile {
    std::string name;
    std::vector<Field> hidden;

    bool hides(Field field) const;
};

/// "default" hides what names a host or a flow (MAC, addresses, ports, IP id, checksums, TCP
/// sequence, acknowledgement and time stamps); "none" hides nothing; "headers-only" also hides the
/// payload; "deep-packet" hides MAC and IP addresses, as that paper does. "A1", "D1",
/// "D2", "C", "T", "CTD", "H1", "P1", "E1", "E2" and "E3" are the occlusion designs of the SoK of
/// encrypted traffic classification (IEEE S&P 2025): nothing; MAC with addresses and ports; these
/// with the server name; implicit ids; clocks; D1, C and T; payload; all headers; all headers and
/// the server name; all headers with the payload as ones, or random. Error(usage) lists the known
/// names.
MaskingProfile masking_profile(std::string_view name);

std::vector<std::string> masking_profiles();

}  // namespace tessera::token
