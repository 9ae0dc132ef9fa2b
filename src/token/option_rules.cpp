#include "option_rules.hpp"

#include <span>

namespace tessera::token {

namespace {

struct Row {
    std::uint8_t kind;
    std::uint8_t visible;  // bytes of the option that tell nothing
    Field field;
};

OptionRules rules_of(std::span<Row const> rows, HiddenFields hidden) {
    OptionRules rules;
    rules.fill(all_visible);
    for (auto const& row : rows) {
        if (hidden.has(row.field)) rules[row.kind] = row.visible;
    }
    return rules;
}

}  // namespace

OptionRules ipv4_option_rules(HiddenFields hidden) {
    static constexpr Row rows[] = {
        {7, 3, Field::addresses},    // record route: pointer, then addresses (RFC 791)
        {131, 3, Field::addresses},  // loose source route
        {137, 3, Field::addresses},  // strict source route
        {68, 4, Field::addresses},   // time stamps: pointer, flags, then addresses and times
        {82, 2, Field::addresses},   // traceroute: originator (RFC 1393)
        {147, 2, Field::addresses},  // address extension (RFC 1475)
        {149, 2, Field::addresses},  // selective directed broadcast (RFC 1770)
        {136, 2, Field::ip_id},      // stream identifier
    };
    return rules_of(rows, hidden);
}

OptionRules tcp_option_rules(HiddenFields hidden) {
    static constexpr Row rows[] = {
        {5, 2, Field::tcp_sequence},   // selective acknowledgement: sequence numbers (RFC 2018)
        {6, 2, Field::tcp_timestamp},  // echo (RFC 1072)
        {7, 2, Field::tcp_timestamp},  // echo reply
        {8, 2, Field::tcp_timestamp},  // time stamps (RFC 7323)
        {15, 2, Field::checksums},     // alternate checksum (RFC 1146)
        {19, 2, Field::checksums},     // MD5 signature (RFC 2385)
        {29, 2, Field::checksums},     // TCP-AO (RFC 5925)
        {30, 3, Field::tcp_sequence},  // MPTCP: subtype, then keys and data sequence (RFC 8684)
        {30, 3, Field::addresses},     // MPTCP: and addresses
        {34, 2, Field::addresses},     // Fast Open cookie: made from the client's address
        {253, 4, Field::addresses},    // experiments, among them Fast Open: number, then data
        {254, 4, Field::addresses},
    };
    return rules_of(rows, hidden);
}

void hide_in_options(base::ByteSpan packet, std::size_t first, std::size_t last,
                     OptionRules const& rules, Window& window) {
    for (auto at = first; at < last;) {
        auto const kind = base::load_byte(packet, at);
        if (kind == 0) return;
        if (kind == 1) {
            ++at;
            continue;
        }
        std::size_t length = at + 1 < last ? base::load_byte(packet, at + 1) : 0;
        if (length < 2 || length > last - at) length = last - at;
        if (rules[kind] < length) window.zero_range(at + rules[kind], at + length);
        at += length;
    }
}

}  // namespace tessera::token
