#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <tessera/train/finetune.hpp>

namespace tessera::train {

/// A fine-tuning that stands beside a grade: the graded run once more, but for one condition.
struct ControlRun {
    std::string name;   ///< key in report.json, e.g. "random_weights"
    std::string title;  ///< for people
    FinetuneConfig config;
};

/// The settings that a fine-tuning run left in its config.toml. Error(bad_input) names the file.
FinetuneConfig read_finetune_config(std::filesystem::path const& run);

/// What a run owes to its pre-training and to its labels: the same network from random weights, its
/// pre-trained encoder frozen with only a head on it to learn (a probe of the encoder: tokens
/// alone), and the same run on shuffled labels, which must fall to chance. A run from random
/// weights has the last alone. Each goes to a folder of its own below `folder`; `iters` steps, 0:
/// as many as the run.
std::vector<ControlRun> control_runs(FinetuneConfig const& graded,
                                     std::filesystem::path const& folder, std::int64_t iters);

}  // namespace tessera::train
