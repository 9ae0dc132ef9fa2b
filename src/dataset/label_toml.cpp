#include <algorithm>

#define TOML_EXCEPTIONS 1
#include "label_rules.hpp"

#include <toml++/toml.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>

namespace tessera::dataset {

namespace {

using base::ExitCode;
using base::Nanoseconds;

// Days since 1970-01-01 of a proleptic Gregorian date.
std::int64_t days_of(toml::date const& date) {
    using namespace std::chrono;
    auto const day = year(date.year) / month(date.month) / std::chrono::day(date.day);
    return sys_days(day).time_since_epoch().count();
}

// A date-time without zone is taken as UTC; none outside the years 1678 to 2261.
std::optional<Nanoseconds> nanoseconds_of(toml::date_time const& stamp) {
    auto const minutes = stamp.offset ? stamp.offset->minutes : 0;
    auto const& time = stamp.time;
    auto const seconds = days_of(stamp.date) * 86'400 + time.hour * 3600 + time.minute * 60 +
                         time.second - minutes * 60;
    Nanoseconds result = 0;
    if (__builtin_mul_overflow(seconds, base::nanoseconds_per_second, &result) ||
        __builtin_add_overflow(result, std::int64_t{time.nanosecond}, &result)) {
        return std::nullopt;
    }
    return result;
}

// Of a number, a date or a date-time.
std::optional<Nanoseconds> time_in(toml::node const& value) {
    if (auto const number = value.value_exact<std::int64_t>()) return *number;
    if (auto const date = value.value_exact<toml::date>()) {
        return nanoseconds_of(toml::date_time{*date, toml::time{}});
    }
    auto const stamp = value.value_exact<toml::date_time>();
    return stamp ? nanoseconds_of(*stamp) : std::nullopt;
}

/// The two ends of a flow as a rule words them.
struct Ends {
    std::string a_address, a_port, b_address, b_port;

    std::string* named(std::string_view key) {
        if (key == "a_ip") return &a_address;
        if (key == "a_port") return &a_port;
        if (key == "b_ip") return &b_address;
        return key == "b_port" ? &b_port : nullptr;
    }
    bool any() const { return !(a_address + a_port + b_address + b_port).empty(); }
};

class LabelFile {
  public:
    explicit LabelFile(std::filesystem::path const& path)
        : path_(path), shown_(base::printable(path.string())) {}

    LabelRules read() {
        auto const text = base::read_text(path_, limit);
        auto const document = parse(text);
        for (auto const& [key, node] : document) {
            if (key.str() != "set") fail(node, "unknown key '{}', expected [[set]]", key.str());
        }
        auto const* sets = document["set"].as_array();
        if (sets == nullptr) fail(document, "no [[set]] in it");
        std::vector<LabelRuleSet> read;
        for (auto const& set : *sets) read.push_back(read_set(set, read));
        return prepared(std::move(read), shown_);
    }

  private:
    static constexpr std::size_t limit = std::size_t{64} << 20U;  // bytes

    template <class... Args>
    [[noreturn]] void fail(toml::node const& node, fmt::format_string<Args...> format,
                           Args&&... args) const {
        base::fail(ExitCode::usage, "{}:{}: {}", shown_, node.source().begin.line,
                   fmt::format(format, std::forward<Args>(args)...));
    }

    toml::table parse(std::string const& text) const try {
        return toml::parse(text, path_.string());
    } catch (toml::parse_error const& error) {
        base::fail(ExitCode::usage, "{}:{}: {}", shown_, error.source().begin.line,
                   error.description());
    }

    LabelRuleSet read_set(toml::node const& node, std::vector<LabelRuleSet> const& earlier) const {
        auto const& table = table_of(node);
        LabelRuleSet set;
        for (auto const& [key, value] : table) {
            if (key.str() == "name") {
                set.name = text_of(value);
            } else if (key.str() == "rule") {
                read_rules(value, set);
            } else {
                fail(value, "unknown key '{}' in [[set]], expected name or rule", key.str());
            }
        }
        if (!is_plain_name(set.name)) {
            fail(node, "set name '{}' is not 1 to 64 of a-z 0-9 _ -", base::printable(set.name));
        }
        auto const twice = [&](LabelRuleSet const& other) { return other.name == set.name; };
        if (std::any_of(earlier.begin(), earlier.end(), twice)) {
            fail(node, "set '{}' stands here twice", set.name);
        }
        return set;
    }

    void read_rules(toml::node const& node, LabelRuleSet& set) const {
        if (!node.is_array()) fail(node, "rule is no list of tables: write [[set.rule]]");
        for (auto const& item : *node.as_array()) set.rules.push_back(read_rule(item));
    }

    LabelRule read_rule(toml::node const& node) const {
        LabelRule rule;
        Ends ends;
        for (auto const& [key, value] : table_of(node)) {
            if (auto* end = ends.named(key.str())) {
                *end = end_of(value);
            } else {
                read_key(rule, key.str(), value);
            }
        }
        if (ends.any()) rule.key = key_of(node, rule, ends);
        if (rule.label.empty()) fail(node, "a rule without a label");
        if (rule.from && rule.to && *rule.from >= *rule.to) {
            fail(node, "from is not before to: no flow fits");
        }
        return rule;
    }

    // An address, or a port as a number.
    std::string end_of(toml::node const& value) const {
        return value.is_integer() ? std::to_string(port_of(value)) : text_of(value);
    }

    flow::FlowKey key_of(toml::node const& node, LabelRule const& rule, Ends const& ends) const {
        auto const a = parse_endpoint(ends.a_address, ends.a_port);
        auto const b = parse_endpoint(ends.b_address, ends.b_port);
        if (!a || !b || !rule.protocol) {
            fail(node, "a flow needs all of protocol, a_ip, a_port, b_ip and b_port");
        }
        return {std::min(*a, *b), std::max(*a, *b), *rule.protocol};
    }

    void read_key(LabelRule& rule, std::string_view key, toml::node const& value) const {
        if (key == "path") {
            rule.path = text_of(value);
        } else if (key == "protocol") {
            rule.protocol = parse_protocol(text_of(value));
            if (!rule.protocol) fail(value, "protocol is neither tcp nor udp");
        } else if (key == "port") {
            read_ports(rule, value);
        } else if (key == "address") {
            rule.address = parse_prefix(text_of(value));
            if (!rule.address) fail(value, "address is no IP address or prefix");
        } else if (key == "from") {
            rule.from = time_of(value);
        } else if (key == "to") {
            rule.to = time_of(value);
        } else if (key == "label") {
            rule.label = text_of(value);
            if (!is_class_name(rule.label)) {
                fail(value, "label '{}' is not 1 to {} printable bytes",
                     base::printable(rule.label), max_name);
            }
        } else {
            fail(
                value,
                "unknown key '{}' in a rule, expected path, protocol, port, address, a_ip, a_port, "
                "b_ip, b_port, from, to or label",
                base::printable(key));
        }
    }

    void read_ports(LabelRule& rule, toml::node const& value) const {
        if (auto const* list = value.as_array()) {
            for (auto const& item : *list) rule.ports.push_back(port_of(item));
            if (list->empty()) fail(value, "an empty list of ports");
        } else {
            rule.ports.push_back(port_of(value));
        }
    }

    std::uint16_t port_of(toml::node const& value) const {
        auto const port = value.value<std::int64_t>().value_or(-1);
        if (port < 0 || port > 65'535) fail(value, "port is no number from 0 to 65535");
        return static_cast<std::uint16_t>(port);
    }

    Nanoseconds time_of(toml::node const& value) const {
        auto const time = time_in(value);
        if (!time) {
            fail(value,
                 "expected a date-time of the years 1678 to 2261 such as 2024-01-31T08:00:00Z, "
                 "or ns");
        }
        return *time;
    }

    toml::table const& table_of(toml::node const& node) const {
        if (!node.is_table()) fail(node, "expected a table");
        return *node.as_table();
    }

    std::string text_of(toml::node const& node) const {
        auto const text = node.value_exact<std::string>();
        if (!text || text->empty()) fail(node, "expected a text that is not empty");
        return *text;
    }

    std::filesystem::path path_;
    std::string shown_;
};

}  // namespace

std::optional<Nanoseconds> parse_time(std::string const& text) try {
    if (text.find_first_not_of("0123456789-+:.TZtz ") != std::string::npos) return std::nullopt;
    auto const table = toml::parse("time = " + text);
    return time_in(*table.get("time"));
} catch (toml::parse_error const&) {
    return std::nullopt;
}

LabelRules read_label_toml(std::filesystem::path const& file) {
    return LabelFile(file).read();
}

}  // namespace tessera::dataset
