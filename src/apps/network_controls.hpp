#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <tessera/base/options.hpp>
#include <tessera/base/progress.hpp>
#include <tessera/baseline/controls.hpp>
#include <tessera/classify/trained_model.hpp>
#include <tessera/comm/communicator.hpp>

namespace tessera::apps {

/// Controls that are trainings of the graded network: as costly as the model, so they run when
/// asked for.
struct NetworkControlConfig {
    std::string which = "none";
    std::int64_t iters = 0;
};

void describe(base::OptionTable& options, NetworkControlConfig& config);

/// What is trained: the run that made the model, on a store and split of its own; runs go to
/// `folder` and go on where they were stopped. Its `answers` grades one of the runs.
struct NetworkTraining {
    std::filesystem::path run;
    std::filesystem::path store;
    std::string split;
    std::filesystem::path folder;
    std::function<baseline::Predictions(classify::TrainedModel&)> answers;
    base::ProgressMode progress = base::ProgressMode::none;
};

/// Trains and asks each of train::control_runs. Collective; errors as in train::finetune.
std::vector<baseline::Control> network_controls(comm::Communicator const& comm,
                                                NetworkControlConfig const& config,
                                                NetworkTraining const& training);

}  // namespace tessera::apps
