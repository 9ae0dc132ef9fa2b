#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/base/options.hpp>

namespace tessera::base {

namespace {

// One TOML value in the text form that flags and environment variables use.
std::string as_text(toml::node const& node) {
    if (auto const* text = node.as_string()) return text->get();
    if (auto const* number = node.as_integer()) return fmt::format("{}", number->get());
    if (auto const* number = node.as_floating_point()) return fmt::format("{}", number->get());
    if (auto const* flag = node.as_boolean()) return flag->get() ? "true" : "false";
    if (auto const* array = node.as_array()) {
        std::vector<std::string> items;
        for (auto const& item : *array) items.push_back(as_text(item));
        return fmt::format("{}", fmt::join(items, std::string_view(&list_separator, 1)));
    }
    throw Error(ExitCode::usage, "expected a text, a number, true or false, or a list of them");
}

class ConfigFile {
  public:
    ConfigFile(OptionTable& table, std::filesystem::path const& path)
        : table_(table), shown_(printable(path.string())) {}

    void apply(toml::table const& document) {
        for (auto const& [name, node] : document) {
            if (auto const* section = node.as_table()) {
                apply_section(std::string(name.str()), *section);
            } else {
                faults_.push_back(fmt::format("{}: '{}' stands outside a [section]", place(node),
                                              std::string(name.str())));
            }
        }
        // All faults at once: a user mends a file once, not once a fault.
        if (!faults_.empty())
            throw Error(ExitCode::usage, fmt::format("{}", fmt::join(faults_, "; ")));
    }

  private:
    void apply_section(std::string const& section, toml::table const& values) {
        for (auto const& [name, node] : values) {
            auto const key = section + "." + std::string(name.str());
            try {
                table_.set(key, as_text(node), place(node));
            } catch (Error const& error) {
                faults_.emplace_back(error.what());
            }
        }
    }

    std::string place(toml::node const& node) const {
        return fmt::format("{}:{}", shown_, node.source().begin.line);
    }

    OptionTable& table_;
    std::string shown_;
    std::vector<std::string> faults_;
};

}  // namespace

void read_config_file(OptionTable& table, std::filesystem::path const& path) {
    std::string text;
    try {
        text = read_text(path, 1U << 20U);
    } catch (Error const& error) {
        throw Error(ExitCode::usage, error.what());
    }
    toml::table document;
    try {
        document = toml::parse(text);
    } catch (toml::parse_error const& error) {
        fail(ExitCode::usage, "{}:{}: {}", printable(path.string()), error.source().begin.line,
             error.description());
    }
    ConfigFile(table, path).apply(document);
}

void read_environment(OptionTable& table) {
    std::vector<std::pair<std::string, std::string>> given;
    for (auto const& option : table.all()) {
        auto const variable = option.environment();
        auto const* value = std::getenv(variable.c_str());
        if (value == nullptr) continue;
        std::string text = value;
        if (option.type == "list") std::ranges::replace(text, ':', list_separator);
        given.emplace_back(option.key(), std::move(text));
    }
    for (auto const& [key, value] : given) {
        table.set(key, value, "environment variable for " + key);
    }
}

}  // namespace tessera::base
