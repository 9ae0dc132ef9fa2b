#include "label_rules.hpp"

#include <algorithm>
#include <charconv>

#include <arpa/inet.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>

namespace tessera::dataset {

namespace {

bool is_glob(LabelRule const& rule) {
    return !rule.path_is_plain && rule.path.find_first_of("*?[") != std::string::npos;
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
        auto const& rule = set.rules[i];
        if (rule.path.empty()) {
            set.anywhere.add(rule, i);
        } else if (is_glob(rule)) {
            set.by_glob.push_back(i);
        } else {
            set.by_path[rule.path].push_back(i);
        }
    }
}

std::string_view without_slash(std::string_view path) {
    return path.starts_with('/') ? path.substr(1) : path;
}

// Positions of the rules with a path that fits, ascending.
std::vector<std::size_t> rules_for(LabelRuleSet const& set, std::string_view path) {
    std::vector<std::size_t> found;
    auto const take_plain = [&](std::string const& plain) {
        auto const rules = set.by_path.find(plain);
        if (rules == set.by_path.end()) return;
        found.insert(found.end(), rules->second.begin(), rules->second.end());
    };
    path = without_slash(path);
    for (auto const i : set.by_glob) {
        auto const& glob = set.rules[i].path;
        if (without_slash(glob) == path || glob_matches(glob, path)) found.push_back(i);
    }
    take_plain("/" + std::string(path));
    for (auto tail = path;;) {
        take_plain(std::string(tail));
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

std::string folder_class(std::string_view capture) {
    auto const file = capture.rfind('/');
    if (file == std::string_view::npos || file == 0) return {};
    auto const before = capture.rfind('/', file - 1);
    return std::string(capture.substr(before + 1, file - before - 1));
}

LabelRules folder_labels(std::span<std::string const> captures) {
    LabelRuleSet set;
    set.name = "folder";
    for (auto const& path : captures) {
        LabelRule rule;
        rule.label = folder_class(path);
        if (rule.label.empty()) continue;
        base::validate(is_class_name(rule.label), base::ExitCode::usage,
                       "the folder of '{}' cannot name a class: 1 to {} printable bytes",
                       base::printable(path), max_name);
        rule.path = "/" + std::string(without_slash(path));
        rule.path_is_plain = true;
        set.rules.push_back(std::move(rule));
    }
    base::validate(!set.rules.empty(), base::ExitCode::usage,
                   "no capture lies in a folder that could be its class: name the folder around "
                   "the folders of the classes, or give --labels FILE");
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

void RulesByKey::add(LabelRule const& rule, std::size_t position) {
    (rule.key ? by_key[*rule.key] : others).push_back(position);
}

/// For each set: the rules whose path fits; those without a path stay with the owner.
struct CaptureLabels::Rules {
    std::shared_ptr<LabelRules::Rules const> owner;
    std::vector<RulesByKey> sets;
};

CaptureLabels LabelRules::for_capture(std::string_view path) const {
    auto chosen = std::make_shared<CaptureLabels::Rules>();
    chosen->owner = rules_;
    for (auto const& set : rules_->sets) {
        auto& here = chosen->sets.emplace_back();
        for (auto const i : rules_for(set, path)) here.add(set.rules[i], i);
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
        auto const& set = rules_->owner->sets[s];
        auto best = set.rules.size();
        auto const look = [&](std::vector<std::size_t> const& ascending) {
            for (auto const i : ascending) {
                if (i > best) break;
                if (set.rules[i].fits(key, first)) best = i;
            }
        };
        for (auto const* rules : {&rules_->sets[s], &set.anywhere}) {
            auto const by_key = rules->by_key.find(key);
            if (by_key != rules->by_key.end()) look(by_key->second);
            look(rules->others);
        }
        labels[s] = best < set.rules.size() ? set.rules[best].label_index : no_label;
    }
}

}  // namespace tessera::dataset
