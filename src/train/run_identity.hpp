#pragma once

#include <optional>
#include <string>

#include <tessera/base/options.hpp>
#include <tessera/base/version.hpp>
#include <tessera/checkpoint/training_state.hpp>
#include <tessera/dataset/split.hpp>
#include <tessera/dataset/store.hpp>

namespace tessera::train {

/// What a run is called and made of, beside the loop's settings.
struct RunIdentity {
    std::string title;                               ///< "pretrain" or "finetune"
    std::string config_toml;                         ///< all resolved settings
    std::string model_toml;                          ///< section [model] alone
    checkpoint::Identity identity;                   ///< must be the same when the run goes on
    checkpoint::Identity origin{};                   ///< see train::facts_of
    std::optional<double> predicted_step_seconds{};  ///< by make_plan
};

/// The part of an identity that says what tokens mean.
inline constexpr auto token_settings_part = "token settings";

/// The part that says which build of this program computes.
inline constexpr auto program_part = "program";
std::string program_text(base::BuildInfo const& build);

/// Identity of a run over this store and split: their hashes, that of the weights it begins with
/// (`initial_weights`), and every setting that changes what is computed. How often to log, where
/// things lie and how many threads work may change.
RunIdentity run_identity(std::string title, base::OptionTable const& options,
                         dataset::Store const& store, dataset::Split const& split,
                         std::string const& initial_weights);

/// The settings of one section as TOML.
std::string section_toml(base::OptionTable const& options, std::string_view section);

}  // namespace tessera::train
