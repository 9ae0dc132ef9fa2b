#include <algorithm>
#include <array>

#include <fmt/ranges.h>

#include <tessera/base/error.hpp>
#include <tessera/token/masking.hpp>

namespace tessera::token {

namespace {

std::vector<MaskingProfile> const& profiles() {
    using enum Field;
    static std::vector<MaskingProfile> const all = {
        {"default", {link_header, addresses, ports, ip_id, checksums, tcp_sequence, tcp_timestamp}},
        {"none", {}},
        {"headers-only",
         {link_header, addresses, ports, ip_id, checksums, tcp_sequence, tcp_timestamp, payload}},
        {"deep-packet", {link_header, addresses}},
        {"A1", {}},
        {"D1", {link_header, addresses, ports}},
        {"D2", {link_header, addresses, ports, server_name}},
        {"C", {ip_id, checksums, tcp_sequence}},
        {"T", {tcp_timestamp, tcp_window}},
        {"CTD",
         {link_header, addresses, ports, ip_id, checksums, tcp_sequence, tcp_timestamp,
          tcp_window}},
        {"H1", {payload}},
        {"P1", {link_header, network_header, transport_header}},
        {"E1", {link_header, network_header, transport_header, server_name}},
        {"E2", {link_header, network_header, transport_header, payload_as_ones}},
        {"E3", {link_header, network_header, transport_header, payload_as_random}},
    };
    return all;
}

}  // namespace

char const* name(Field field) {
    static constexpr std::array names = {
        "link_header",      "addresses",    "ports",           "ip_id",
        "checksums",        "tcp_sequence", "tcp_timestamp",   "tcp_window",
        "tcp_options",      "ttl",          "payload",         "network_header",
        "transport_header", "server_name",  "payload_as_ones", "payload_as_random"};
    static_assert(names.size() == static_cast<std::size_t>(Field::count_));
    return names.at(static_cast<std::size_t>(field));
}

bool MaskingProfile::hides(Field field) const {
    return std::find(hidden.begin(), hidden.end(), field) != hidden.end();
}

MaskingProfile masking_profile(std::string_view name) {
    for (auto const& profile : profiles()) {
        if (profile.name == name) return profile;
    }
    base::fail(base::ExitCode::usage, "no masking profile is called '{}'; there are: {}", name,
               fmt::join(masking_profiles(), ", "));
}

std::vector<std::string> masking_profiles() {
    std::vector<std::string> names;
    for (auto const& profile : profiles()) names.push_back(profile.name);
    return names;
}

}  // namespace tessera::token
