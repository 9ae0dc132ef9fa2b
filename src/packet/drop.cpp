#include <numeric>

#include <tessera/packet/drop.hpp>

namespace tessera::packet {

char const* name(Drop drop) {
    switch (drop) {
        case Drop::unknown_link_type:
            return "unknown_link_type";
        case Drop::truncated_link_header:
            return "truncated_link_header";
        case Drop::not_ip:
            return "not_ip";
        case Drop::truncated_ip_header:
            return "truncated_ip_header";
        case Drop::malformed_ip_header:
            return "malformed_ip_header";
        case Drop::ip_fragment:
            return "ip_fragment";
        case Drop::fragment_malformed:
            return "fragment_malformed";
        case Drop::fragment_overlap:
            return "fragment_overlap";
        case Drop::fragment_timeout:
            return "fragment_timeout";
        case Drop::fragment_evicted:
            return "fragment_evicted";
        case Drop::fragment_incomplete:
            return "fragment_incomplete";
        case Drop::not_tcp_or_udp:
            return "not_tcp_or_udp";
        case Drop::truncated_transport_header:
            return "truncated_transport_header";
        case Drop::malformed_transport_header:
            return "malformed_transport_header";
        case Drop::nested_too_deep:
            return "nested_too_deep";
        case Drop::filtered:
            return "filtered";
        case Drop::short_flow:
            return "short_flow";
        case Drop::left_out_bgp:
            return "left_out_bgp";
        case Drop::left_out_dhcp:
            return "left_out_dhcp";
        case Drop::left_out_dns:
            return "left_out_dns";
        case Drop::left_out_llmnr:
            return "left_out_llmnr";
        case Drop::left_out_lsd:
            return "left_out_lsd";
        case Drop::left_out_mdns:
            return "left_out_mdns";
        case Drop::left_out_nat_pmp:
            return "left_out_nat_pmp";
        case Drop::left_out_nbns:
            return "left_out_nbns";
        case Drop::left_out_ntp:
            return "left_out_ntp";
        case Drop::left_out_snmp:
            return "left_out_snmp";
        case Drop::left_out_ssdp:
            return "left_out_ssdp";
        case Drop::left_out_stun:
            return "left_out_stun";
        case Drop::count_:
            break;
    }
    return "unknown";
}

std::uint64_t DropCounts::total() const {
    return std::accumulate(by_reason.begin(), by_reason.end(), std::uint64_t{0});
}

DropCounts& DropCounts::operator+=(DropCounts const& other) {
    for (std::size_t i = 0; i < drop_reasons; ++i) by_reason[i] += other.by_reason[i];
    return *this;
}

}  // namespace tessera::packet
