#include "run_identity.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace tessera::train {

namespace {

/// Settings that may differ between two starts of one run: they change no number, or (threads) only
/// how sums are rounded.
constexpr std::array<std::string_view, 18> free_settings{
    "store",         "run",        "log_interval", "eval_interval", "eval_iters",
    "save_interval", "keep_last",  "keep_every",   "threads",       "check_replicas_interval",
    "init_from",     "init",       "bundle",       "hang_limit",    "device",
    "overlap",       "cuda_graph", "any_build"};

bool is_free(base::Option const& option) {
    return std::ranges::find(free_settings, option.name) != free_settings.end();
}

}  // namespace

std::string section_toml(base::OptionTable const& options, std::string_view section) {
    auto text = fmt::format("[{}]\n", section);
    for (auto const& option : options.all()) {
        if (option.section == section) text += fmt::format("{} = {}\n", option.name, option.toml());
    }
    return text;
}

std::string program_text(base::BuildInfo const& build) {
    return fmt::format("{} {}, {}, {}", build.version, build.revision, build.compiler, build.flags);
}

RunIdentity run_identity(std::string title, base::OptionTable const& options,
                         dataset::Store const& store, dataset::Split const& split,
                         std::string const& initial_weights) {
    auto const& manifest = store.manifest();
    RunIdentity result{.title = std::move(title),
                       .config_toml = options.as_toml(false),
                       .model_toml = section_toml(options, "model"),
                       .identity = {{"store", manifest.checksum},
                                    {"split", split.checksum},
                                    {"initial weights", initial_weights},
                                    {"tokenizer", manifest.identity.tokenizer.name},
                                    {"masking", manifest.identity.masking},
                                    {token_settings_part, manifest.identity.settings}}};
    result.identity["task"] = result.title;
    for (auto const& option : options.all()) {
        if (!is_free(option)) result.identity[option.key()] = option.toml();
    }
    return result;
}

}  // namespace tessera::train
