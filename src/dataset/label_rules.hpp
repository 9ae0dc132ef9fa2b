#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <tessera/base/time.hpp>
#include <tessera/dataset/labels.hpp>
#include <tessera/flow/flow.hpp>
#include <tessera/packet/packet.hpp>

namespace tessera::dataset {

/// Addresses that agree in the first `bits` bits (of 128; IPv4 stands at ::ffff:0:0/96).
struct AddressPrefix {
    packet::Address address;
    unsigned bits = 128;

    bool holds(packet::Address const& other) const;
};

/// "10.0.0.1", "2001:db8::/32"; none when it is neither.
std::optional<AddressPrefix> parse_prefix(std::string_view text);

/// "tcp", "udp", "6", "17"
std::optional<packet::Protocol> parse_protocol(std::string_view text);

/// An address, no prefix, with a port in digits; none when either is something else.
std::optional<packet::Endpoint> parse_endpoint(std::string const& address, std::string const& port);

/// "2024-01-31T08:00:00Z" (without zone: UTC), "2024-01-31", or ns since 1970 in digits.
std::optional<base::Nanoseconds> parse_time(std::string const& text);

/// One rule: a flow fits when it fits everything that is given.
struct LabelRule {
    std::string path;            ///< glob; empty: any capture
    bool path_is_plain = false;  ///< no glob whatever letters stand in it
    std::optional<packet::Protocol> protocol;
    std::vector<std::uint16_t> ports;  ///< either side has one of them; empty: any
    std::optional<AddressPrefix> address;
    std::optional<flow::FlowKey> key;
    std::optional<base::Nanoseconds> from;
    std::optional<base::Nanoseconds> to;
    std::string label;
    std::int32_t label_index = no_label;

    /// Everything but the path.
    bool fits(flow::FlowKey const& flow, base::Nanoseconds first) const;
};

struct FlowKeyHash {
    std::size_t operator()(flow::FlowKey const& key) const { return flow::flow_hash(key, 0); }
};

/// Positions of rules, ascending: those for one flow by its key, and those that must be tried.
struct RulesByKey {
    std::unordered_map<flow::FlowKey, std::vector<std::size_t>, FlowKeyHash> by_key;
    std::vector<std::size_t> others;

    void add(LabelRule const& rule, std::size_t position);
};

struct LabelRuleSet {
    std::string name;
    std::vector<LabelRule> rules = {};
    std::vector<std::string> classes = {};  ///< sorted
    /// Rules with a plain path; "/" + the whole where tied.
    std::unordered_map<std::string, std::vector<std::size_t>> by_path = {};
    std::vector<std::size_t> by_glob = {};  ///< rules with another path
    RulesByKey anywhere = {};  ///< without a path: once for all captures, there may be millions
};

struct LabelRules::Rules {
    std::vector<LabelRuleSet> sets;
};

/// Numbers the classes and sorts the rules for look-up; Error(usage) names `file` for too many.
LabelRules prepared(std::vector<LabelRuleSet> sets, std::string const& file);

LabelRules read_label_toml(std::filesystem::path const& file);
LabelRules read_label_csv(std::filesystem::path const& file);

/// A class name that can be stored: 1 to 256 bytes, no control characters.
bool is_class_name(std::string_view name);

}  // namespace tessera::dataset
