#include "label_rules.hpp"

#include <algorithm>
#include <array>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>

namespace tessera::dataset {

namespace {

using base::ExitCode;

enum class Role { ignored, path, protocol, a_address, a_port, b_address, b_port, from, to, label };

struct CsvColumn {
    Role role = Role::ignored;
    std::size_t set = 0;
};

Role role_of(std::string const& name) {
    constexpr std::array<std::pair<std::string_view, Role>, 8> names{{{"path", Role::path},
                                                                      {"protocol", Role::protocol},
                                                                      {"a_ip", Role::a_address},
                                                                      {"a_port", Role::a_port},
                                                                      {"b_ip", Role::b_address},
                                                                      {"b_port", Role::b_port},
                                                                      {"from", Role::from},
                                                                      {"to", Role::to}}};
    for (auto const& [known, role] : names) {
        if (name == known) return role;
    }
    base::validate(
        name != "port" && name != "address", base::ExitCode::usage,
        "column '{}': a CSV names both ends, a_ip, a_port, b_ip, b_port; rules for one end "
        "are written in TOML",
        name);
    return Role::ignored;
}

// As somebody may have written a name that is known: "Path", "a ip".
std::string likely_meant(std::string name) {
    for (auto& letter : name) {
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
        if (letter == ' ' || letter == '-') letter = '_';
    }
    return name;
}

bool is_label(std::string_view name) {
    return name == "label" || name.starts_with("label.");
}

std::string trimmed(std::string const& text) {
    auto const first = text.find_first_not_of(" \t");
    if (first == std::string::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// The fields of one line of RFC 4180 (quotes doubled inside quotes; no line breaks in fields).
std::vector<std::string> fields_of(std::string_view line) {
    std::vector<std::string> fields(1);
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') {
            fields.back() += '"';
            ++i;
        } else if (line[i] == '"') {
            quoted = !quoted;
        } else if (line[i] == ',' && !quoted) {
            fields.emplace_back();
        } else {
            fields.back() += line[i];
        }
    }
    return fields;
}

class CsvFile {
  public:
    explicit CsvFile(std::filesystem::path const& path)
        : text_(base::read_text(path, limit)), shown_(base::printable(path.string())) {}

    LabelRules read() {
        std::string_view rest = text_;
        if (rest.starts_with(byte_order_mark)) rest.remove_prefix(byte_order_mark.size());
        while (!rest.empty()) {
            auto const end = std::min(rest.find('\n'), rest.size());
            auto line = rest.substr(0, end);
            rest.remove_prefix(std::min(end + 1, rest.size()));
            if (line.ends_with('\r')) line.remove_suffix(1);
            ++line_;
            if (line_ == 1) {
                read_header(fields_of(line));
            } else if (!line.empty()) {
                read_row(fields_of(line));
            }
        }
        if (line_ == 0) fail("is empty: a header line is needed");
        return prepared(std::move(sets_), shown_);
    }

  private:
    static constexpr std::size_t limit = std::size_t{1} << 30U;          // bytes
    static constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";  // of "CSV UTF-8"

    [[noreturn]] void fail(std::string const& what) const {
        base::fail(ExitCode::usage, "{}:{}: {}", shown_, line_, what);
    }

    void read_header(std::vector<std::string> const& names) {
        for (auto const& cell : names) {
            auto const name = trimmed(cell);
            CsvColumn column{role_of(name), 0};
            if (is_label(name)) column = label_column(name);
            if (column.role == Role::ignored) refuse_near_name(name);
            columns_.push_back(column);
        }
        if (sets_.empty()) fail("no column 'label' or 'label.SET'");
    }

    // Passed over, it would leave its rules to fit every flow.
    void refuse_near_name(std::string const& name) const {
        auto const meant = likely_meant(name);
        if (role_of(meant) == Role::ignored && !is_label(meant)) return;
        fail(fmt::format("column '{}': write '{}' if that is meant, or give it another name",
                         base::printable(name), base::printable(meant)));
    }

    CsvColumn label_column(std::string const& name) {
        auto const set = name == "label" ? name : name.substr(6);
        if (!is_plain_name(set)) fail("set name is not 1 to 64 of a-z 0-9 _ -");
        auto const twice = [&](LabelRuleSet const& other) { return other.name == set; };
        if (std::any_of(sets_.begin(), sets_.end(), twice)) fail("set '" + set + "' twice");
        sets_.push_back({set});
        return {Role::label, sets_.size() - 1};
    }

    void read_row(std::vector<std::string> const& fields) {
        if (fields.size() != columns_.size()) {
            fail(fmt::format("{} fields under a header of {}", fields.size(), columns_.size()));
        }
        auto const rule = rule_of(fields);
        if (!says_which_flows(rule)) {
            fail(
                "neither path, protocol, flow nor time: the rule would fit every flow; write it "
                "in TOML if that is meant");
        }
        for (std::size_t i = 0; i < fields.size(); ++i) {
            if (columns_[i].role != Role::label || fields[i].empty()) continue;
            if (!is_class_name(fields[i])) {
                fail("label '" + base::printable(fields[i]) + "' is too long or not printable");
            }
            auto labelled = rule;
            labelled.label = fields[i];
            sets_[columns_[i].set].rules.push_back(std::move(labelled));
        }
    }

    static bool says_which_flows(LabelRule const& rule) {
        return !rule.path.empty() || rule.protocol || rule.key || rule.from || rule.to;
    }

    std::string field(std::vector<std::string> const& fields, Role role) const {
        for (std::size_t i = 0; i < fields.size(); ++i) {
            if (columns_[i].role == role) return fields[i];
        }
        return {};
    }

    LabelRule rule_of(std::vector<std::string> const& fields) const {
        LabelRule rule;
        rule.path = field(fields, Role::path);
        auto const protocol = field(fields, Role::protocol);
        rule.protocol = parse_protocol(protocol);
        if (!protocol.empty() && !rule.protocol) fail("protocol is neither tcp nor udp");
        rule.from = time_of(field(fields, Role::from));
        rule.to = time_of(field(fields, Role::to));
        std::array const ends{field(fields, Role::a_address), field(fields, Role::a_port),
                              field(fields, Role::b_address), field(fields, Role::b_port)};
        auto const empty = std::count(ends.begin(), ends.end(), std::string());
        if (empty == 4) return rule;
        if (empty > 0 || !rule.protocol) {
            fail("a flow needs all of protocol, a_ip, a_port, b_ip and b_port, or no end at all");
        }
        auto const a = endpoint(ends[0], ends[1]);
        auto const b = endpoint(ends[2], ends[3]);
        rule.key = {std::min(a, b), std::max(a, b), *rule.protocol};
        return rule;
    }

    packet::Endpoint endpoint(std::string const& address, std::string const& port) const {
        auto const end = parse_endpoint(address, port);
        if (!end) fail("'" + base::printable(address + " " + port) + "' is no address and port");
        return *end;
    }

    std::optional<base::Nanoseconds> time_of(std::string const& text) const {
        if (text.empty()) return std::nullopt;
        auto const time = parse_time(text);
        if (!time) {
            fail("'" + base::printable(text) + "' is no time: write 2024-01-31T08:00:00Z, or ns");
        }
        return time;
    }

    std::string text_;
    std::string shown_;
    std::size_t line_ = 0;
    std::vector<CsvColumn> columns_;
    std::vector<LabelRuleSet> sets_;
};

}  // namespace

LabelRules read_label_csv(std::filesystem::path const& file) {
    return CsvFile(file).read();
}

}  // namespace tessera::dataset
