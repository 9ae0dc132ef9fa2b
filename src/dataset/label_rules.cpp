#include "label_rules.hpp"

#include <algorithm>
#include <charconv>

#include <arpa/inet.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>

namespace tessera::dataset {

namespace {

bool is_glob(std::string_view path) {
    return path.empty() || path.starts_with('/') ||
           path.find_first_of("*?[") != std::string_view::npos;
}

std::optional<packet::Address> parse_address(std::string const& text, bool& is_v4) {
    packet::Address address;
    is_v4 = text.find(':') == std::string::npos;
    if (!is_v4) {
        if (inet_pton(AF_INET6, text.c_str(), address.bytes.data()) != 1) return std::nullopt;
        return address;
    }
    address.bytes[10] = address.bytes[11] = 0xff;
    if (inet_pton(AF_INET, text.c_str(), address.bytes.data() + 12) != 1) return std::nullopt;
    return address;
}

std::optional<unsigned> parse_bits(std::string_view text, unsigned most) {
    unsigned bits = 0;
    if (text.empty() || text.size() > 3) return std::nullopt;
    for (auto const digit : text) {
        if (digit < '0' || digit > '9') return std::nullopt;
        bits = bits * 10 + static_cast<unsigned>(digit - '0');
    }
    if (bits > most) return std::nullopt;
    return bits;
}

void number_classes(LabelRuleSet& set) {
    for (auto const& rule : set.rules) set.classes.push_back(rule.label);
    std::sort(set.classes.begin(), set.classes.end());
    set.classes.erase(std::unique(set.classes.begin(), set.classes.end()), set.classes.end());
    for (auto& rule : set.rules) {
        auto const place = std::lower_bound(set.classes.begin(), set.classes.end(), rule.label);
        rule.label_index = static_cast<std::int32_t>(place - set.classes.begin());
    }
}

void sort_by_path(LabelRuleSet& set) {
    for (std::size_t i = 0; i < set.rules.size(); ++i) {
        auto const& path = set.rules[i].path;
        (is_glob(path) ? set.by_glob : set.by_path[path]).push_back(i);
    }
}

// Positions of the rules whose path fits, ascending.
std::vector<std::size_t> rules_for(LabelRuleSet const& set, std::string_view path) {
    std::vector<std::size_t> found;
    for (auto const i : set.by_glob) {
        auto const& glob = set.rules[i].path;
        if (glob.empty() || glob == path || glob_matches(glob, path)) found.push_back(i);
    }
    for (auto tail = path;;) {
        auto const plain = set.by_path.find(std::string(tail));
        if (plain != set.by_path.end()) {
            found.insert(found.end(), plain->second.begin(), plain->second.end());
        }
        auto const slash = tail.find('/');
        if (slash == std::string_view::npos) break;
        tail.remove_prefix(slash + 1);
    }
    std::sort(found.begin(), found.end());
    return found;
}

}  // namespace

bool AddressPrefix::holds(packet::Address const& other) const {
    auto const whole = bits / 8;
    auto const rest = bits % 8;
    auto const same =
        std::equal(address.bytes.begin(), address.bytes.begin() + whole, other.bytes.begin());
    if (!same || rest == 0) return same;
    return ((address.bytes[whole] ^ other.bytes[whole]) >> (8 - rest)) == 0;
}

std::optional<AddressPrefix> parse_prefix(std::string_view text) {
    auto const slash = text.find('/');
    bool is_v4 = false;
    auto const address = parse_address(std::string(text.substr(0, slash)), is_v4);
    if (!address) return std::nullopt;
    if (slash == std::string_view::npos) return AddressPrefix{*address, 128};
    auto const bits = parse_bits(text.substr(slash + 1), is_v4 ? 32 : 128);
    if (!bits) return std::nullopt;
    return AddressPrefix{*address, *bits + (is_v4 ? 96U : 0U)};
}

std::optional<packet::Endpoint> parse_endpoint(std::string const& address,
                                               std::string const& port) {
    bool is_v4 = false;
    auto const parsed = parse_address(address, is_v4);
    if (!parsed) return std::nullopt;
    packet::Endpoint end{*parsed, 0};
    auto const* last = port.data() + port.size();
    auto const number = std::from_chars(port.data(), last, end.port);
    if (number.ec != std::errc() || number.ptr != last) return std::nullopt;
    return end;
}

std::optional<packet::Protocol> parse_protocol(std::string_view text) {
    if (text == "tcp" || text == "6") return packet::Protocol::tcp;
    if (text == "udp" || text == "17") return packet::Protocol::udp;
    return std::nullopt;
}

bool is_class_name(std::string_view name) {
    return !name.empty() && name.size() <= max_name && base::printable(name) == name;
}

bool LabelRule::fits(flow::FlowKey const& flow, base::Nanoseconds first) const {
    if (key && *key != flow) return false;
    if (protocol && *protocol != flow.protocol) return false;
    if (from && first < *from) return false;
    if (to && first >= *to) return false;
    if (address && !address->holds(flow.low.address) && !address->holds(flow.high.address)) {
        return false;
    }
    return ports.empty() || std::any_of(ports.begin(), ports.end(), [&](std::uint16_t port) {
               return port == flow.low.port || port == flow.high.port;
           });
}

LabelRules prepared(std::vector<LabelRuleSet> sets, std::string const& file) {
    base::validate(sets.size() <= max_label_sets, base::ExitCode::usage,
                   "{}: {} label sets, at most {} can be stored", file, sets.size(),
                   max_label_sets);
    for (auto& set : sets) {
        number_classes(set);
        sort_by_path(set);
        base::validate(set.classes.size() <= max_classes, base::ExitCode::usage,
                       "{}: set '{}' has {} classes, at most {} can be stored", file, set.name,
                       set.classes.size(), max_classes);
    }
    return LabelRules(
        std::make_shared<LabelRules::Rules const>(LabelRules::Rules{std::move(sets)}));
}

LabelRules load_label_rules(std::filesystem::path const& file) {
    return file.extension() == ".csv" ? read_label_csv(file) : read_label_toml(file);
}

LabelRules folder_labels(std::span<std::string const> captures) {
    LabelRuleSet set;
    set.name = "folder";
    for (auto const& path : captures) {
        auto const file = path.rfind('/');
        if (file == std::string::npos || file == 0) continue;
        auto const before = path.rfind('/', file - 1);
        LabelRule rule;
        rule.label = path.substr(before + 1, file - before - 1);
        base::validate(is_class_name(rule.label), base::ExitCode::usage,
                       "the folder of '{}' cannot name a class: 1 to {} printable bytes",
                       base::printable(path), max_name);
        rule.path = path;
        std::replace_if(
            rule.path.begin(), rule.path.end(), [](char c) { return c == '*' || c == '['; }, '?');
        set.rules.push_back(std::move(rule));
    }
    base::validate(!set.rules.empty(), base::ExitCode::usage,
                   "no capture lies in a folder that could be its class");
    return prepared({std::move(set)}, "labels by folder");
}

LabelRules::LabelRules() : rules_(std::make_shared<Rules const>()) {}

LabelRules::LabelRules(std::shared_ptr<Rules const> rules) : rules_(std::move(rules)) {}

std::vector<LabelSet> LabelRules::sets() const {
    std::vector<LabelSet> sets;
    for (auto const& set : rules_->sets) {
        sets.push_back({set.name, set.classes, std::vector<std::uint64_t>(set.classes.size()), 0});
    }
    return sets;
}

std::vector<std::string> LabelRules::set_names() const {
    std::vector<std::string> names;
    for (auto const& set : rules_->sets) names.push_back(set.name);
    return names;
}

/// For each set: rules for one flow by its key, and the rules that must be tried.
struct CaptureLabels::Rules {
    struct Set {
        LabelRuleSet const* all;
        std::unordered_map<flow::FlowKey, std::vector<std::size_t>, FlowKeyHash> by_key;
        std::vector<std::size_t> others;
    };
    std::shared_ptr<LabelRules::Rules const> owner;
    std::vector<Set> sets;
};

CaptureLabels LabelRules::for_capture(std::string_view path) const {
    auto chosen = std::make_shared<CaptureLabels::Rules>();
    chosen->owner = rules_;
    for (auto const& set : rules_->sets) {
        CaptureLabels::Rules::Set here{&set, {}, {}};
        for (auto const i : rules_for(set, path)) {
            if (set.rules[i].key) {
                here.by_key[*set.rules[i].key].push_back(i);
            } else {
                here.others.push_back(i);
            }
        }
        chosen->sets.push_back(std::move(here));
    }
    return CaptureLabels(std::move(chosen));
}

CaptureLabels::CaptureLabels(std::shared_ptr<Rules const> rules) : rules_(std::move(rules)) {}

void CaptureLabels::label(flow::Flow const& flow, std::span<std::int32_t> labels) const {
    auto const first =
        std::min_element(flow.packets.begin(), flow.packets.end(),
                         [](auto const& a, auto const& b) { return a.time < b.time; });
    label(flow.key, first == flow.packets.end() ? 0 : first->time, labels);
}

void CaptureLabels::label(flow::FlowKey const& key, base::Nanoseconds first,
                          std::span<std::int32_t> labels) const {
    for (std::size_t s = 0; s < rules_->sets.size(); ++s) {
        auto const& set = rules_->sets[s];
        auto best = set.all->rules.size();
        auto const look = [&](std::vector<std::size_t> const& ascending) {
            for (auto const i : ascending) {
                if (i > best) break;
                if (set.all->rules[i].fits(key, first)) best = i;
            }
        };
        auto const by_key = set.by_key.find(key);
        if (by_key != set.by_key.end()) look(by_key->second);
        look(set.others);
        labels[s] = best < set.all->rules.size() ? set.all->rules[best].label_index : no_label;
    }
}

}  // namespace tessera::dataset
