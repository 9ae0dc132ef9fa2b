#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tessera::base {

/// One setting of a program, bound to a field of a config struct. From it come the flag
/// (`--micro-batch-size`), the TOML key (`train.micro_batch_size`), the environment variable
/// (`TESSERA_TRAIN_MICRO_BATCH_SIZE`), the help text and the stored config: one table, no second
/// place to forget.
struct Option {
    std::string section{};               ///< TOML table, e.g. "train"
    std::string name{};                  ///< key in it, e.g. "micro_batch_size"
    std::string help{};                  ///< meaning, unit, and source where it has one
    std::string type{};                  ///< "integer", "number", "text", "switch", "list", "path"
    std::vector<std::string> choices{};  ///< allowed words; empty: any
    std::string origin = "default";      ///< where the value in force came from
    std::function<void(std::string const&)> assign{};  ///< throws std::invalid_argument
    std::function<std::string()> toml{};               ///< the value as TOML text

    std::string key() const { return section + "." + name; }
    std::string flag() const;         ///< "--micro-batch-size"
    std::string environment() const;  ///< "TESSERA_TRAIN_MICRO_BATCH_SIZE"
};

/// Parts the items of a list in the text form of a value; no path has it. An environment variable
/// parts them by ':' as PATH does.
inline constexpr char list_separator = '\x1f';

class OptionTable {
  public:
    /// Options added from here on stand in `[section]`.
    OptionTable& section(std::string name);

    OptionTable& add(std::string name, std::int64_t& field, std::string help);
    OptionTable& add(std::string name, std::uint64_t& field, std::string help);
    OptionTable& add(std::string name, double& field, std::string help);
    OptionTable& add(std::string name, bool& field, std::string help);
    OptionTable& add(std::string name, std::string& field, std::string help,
                     std::vector<std::string> choices = {});
    OptionTable& add(std::string name, std::filesystem::path& field, std::string help);
    OptionTable& add(std::string name, std::vector<std::string>& field, std::string help);

    /// Sets one value by key; Error(usage) names origin and, for an unknown key, the nearest one.
    void set(std::string_view key, std::string const& value, std::string const& origin);

    bool knows(std::string_view key) const;

    /// The known key nearest to `key` by edit distance; empty when none is near.
    std::string nearest(std::string_view key) const;

    /// The environment variable that differs from `variable` in one or two letters; empty when none
    /// does, or when it is one itself.
    std::string nearly(std::string_view variable) const;

    std::vector<Option> const& all() const { return options_; }

    /// All settings as TOML, each with the origin of its value as a comment when asked.
    std::string as_toml(bool with_origin) const;

  private:
    OptionTable& push(Option option);
    Option* find(std::string_view key);

    std::string section_;
    std::vector<Option> options_;
};

/// Reads a TOML file into the table; Error(usage) lists every fault with its line.
void read_config_file(OptionTable& table, std::filesystem::path const& path);

/// Reads TESSERA_SECTION_KEY variables into the table.
void read_environment(OptionTable& table);

}  // namespace tessera::base
