#include <algorithm>
#include <cctype>
#include <charconv>
#include <numeric>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <tessera/base/error.hpp>
#include <tessera/base/options.hpp>

namespace tessera::base {

namespace {

template <class Number>
Number parse_number(std::string const& text) {
    Number value{};
    auto const* end = text.data() + text.size();
    auto const result = std::from_chars(text.data(), end, value);
    if (result.ec != std::errc() || result.ptr != end) {
        throw std::invalid_argument(
            fmt::format("'{}' is no {}", text,
                        std::is_floating_point_v<Number> ? "number" : "whole number in range"));
    }
    return value;
}

bool parse_switch(std::string const& text) {
    if (text == "true" || text == "1" || text == "yes" || text == "on") return true;
    if (text == "false" || text == "0" || text == "no" || text == "off") return false;
    throw std::invalid_argument(fmt::format("'{}' is neither true nor false", text));
}

std::string toml_text(std::string_view text) {
    std::string result = "\"";
    for (char const c : text) {
        if (c == '"' || c == '\\') {
            result += '\\';
            result += c;
        } else if (static_cast<unsigned char>(c) < 0x20U) {
            result += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
            result += c;
        }
    }
    return result + '"';
}

std::string toml_list(std::vector<std::string> const& items) {
    std::string result = "[";
    for (auto const& item : items) result += (result.size() > 1 ? ", " : "") + toml_text(item);
    return result + "]";
}

// TOML tells floats from integers by their look.
std::string float_text(double value) {
    auto text = fmt::format("{}", value);
    return text.find_first_of(".enf") == std::string::npos ? text + ".0" : text;
}

std::vector<std::string> split_list(std::string const& text) {
    std::vector<std::string> items;
    std::size_t begin = 0;
    while (begin <= text.size() && !text.empty()) {
        auto const end = std::min(text.find(list_separator, begin), text.size());
        items.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return items;
}

// Levenshtein distance, one row at a time.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        auto diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            auto const replace = diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U);
            diagonal = std::exchange(row[j], std::min({replace, row[j] + 1, row[j - 1] + 1}));
        }
    }
    return row.back();
}

}  // namespace

std::string Option::flag() const {
    auto text = "--" + name;
    std::replace(text.begin(), text.end(), '_', '-');
    return text;
}

std::string Option::environment() const {
    auto text = "TESSERA_" + section + "_" + name;
    for (auto& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
}

OptionTable& OptionTable::section(std::string name) {
    section_ = std::move(name);
    return *this;
}

OptionTable& OptionTable::push(Option option) {
    option.section = section_;
    if (find(option.key()) != nullptr) throw std::logic_error("option twice: " + option.key());
    options_.push_back(std::move(option));
    return *this;
}

OptionTable& OptionTable::add(std::string name, std::int64_t& field, std::string help) {
    return push({.name = std::move(name),
                 .help = std::move(help),
                 .type = "integer",
                 .assign = [&field](auto const& text) { field = parse_number<std::int64_t>(text); },
                 .toml = [&field] { return fmt::format("{}", field); }});
}

OptionTable& OptionTable::add(std::string name, std::uint64_t& field, std::string help) {
    return push(
        {.name = std::move(name),
         .help = std::move(help),
         .type = "integer",
         .assign = [&field](auto const& text) { field = parse_number<std::uint64_t>(text); },
         .toml = [&field] { return fmt::format("{}", field); }});
}

OptionTable& OptionTable::add(std::string name, double& field, std::string help) {
    return push({.name = std::move(name),
                 .help = std::move(help),
                 .type = "number",
                 .assign = [&field](auto const& text) { field = parse_number<double>(text); },
                 .toml = [&field] { return float_text(field); }});
}

OptionTable& OptionTable::add(std::string name, bool& field, std::string help) {
    return push({.name = std::move(name),
                 .help = std::move(help),
                 .type = "switch",
                 .assign = [&field](auto const& text) { field = parse_switch(text); },
                 .toml = [&field] { return std::string(field ? "true" : "false"); }});
}

OptionTable& OptionTable::add(std::string name, std::string& field, std::string help,
                              std::vector<std::string> choices) {
    auto assign = [&field, choices](std::string const& text) {
        if (!choices.empty() && std::find(choices.begin(), choices.end(), text) == choices.end()) {
            throw std::invalid_argument(
                fmt::format("'{}' is none of {}", text, fmt::join(choices, ", ")));
        }
        field = text;
    };
    return push({.name = std::move(name),
                 .help = std::move(help),
                 .type = "text",
                 .choices = std::move(choices),
                 .assign = std::move(assign),
                 .toml = [&field] { return toml_text(field); }});
}

OptionTable& OptionTable::add(std::string name, std::filesystem::path& field, std::string help) {
    return push({.name = std::move(name),
                 .help = std::move(help),
                 .type = "path",
                 .assign = [&field](auto const& text) { field = text; },
                 .toml = [&field] { return toml_text(field.string()); }});
}

OptionTable& OptionTable::add(std::string name, std::vector<std::string>& field, std::string help) {
    return push({.name = std::move(name),
                 .help = std::move(help),
                 .type = "list",
                 .assign = [&field](auto const& text) { field = split_list(text); },
                 .toml = [&field] { return toml_list(field); }});
}

Option* OptionTable::find(std::string_view key) {
    auto const found = std::find_if(options_.begin(), options_.end(),
                                    [&](auto const& option) { return option.key() == key; });
    return found == options_.end() ? nullptr : &*found;
}

bool OptionTable::knows(std::string_view key) const {
    return std::any_of(options_.begin(), options_.end(),
                       [&](auto const& option) { return option.key() == key; });
}

std::string OptionTable::nearest(std::string_view key) const {
    std::string best;
    auto least = key.size() / 2 + 1;
    for (auto const& option : options_) {
        auto const distance = edit_distance(key, option.key());
        if (distance < least) {
            least = distance;
            best = option.key();
        }
    }
    return best;
}

std::string OptionTable::nearly(std::string_view variable) const {
    constexpr std::size_t slip = 2;  // letters
    std::string best;
    auto least = slip + 1;
    for (auto const& option : options_) {
        auto const name = option.environment();
        auto const distance = edit_distance(variable, name);
        if (distance == 0) return {};
        if (distance < least) {
            least = distance;
            best = name;
        }
    }
    return best;
}

void OptionTable::set(std::string_view key, std::string const& value, std::string const& origin) {
    auto* option = find(key);
    if (option == nullptr) {
        auto const near = nearest(key);
        fail(ExitCode::usage, "{}: unknown setting '{}'{}", origin, key,
             near.empty() ? "" : fmt::format(", did you mean '{}'?", near));
    }
    try {
        option->assign(value);
    } catch (std::invalid_argument const& error) {
        fail(ExitCode::usage, "{}: {}: {}", origin, key, error.what());
    }
    option->origin = origin;
}

std::string OptionTable::as_toml(bool with_origin) const {
    std::string text;
    std::string section;
    for (auto const& option : options_) {
        if (option.section != section) {
            section = option.section;
            text += fmt::format("{}[{}]\n", text.empty() ? "" : "\n", section);
        }
        text += fmt::format("{} = {}{}\n", option.name, option.toml(),
                            with_origin ? "  # " + option.origin : "");
    }
    return text;
}

}  // namespace tessera::base
