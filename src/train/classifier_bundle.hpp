#pragma once

#include "calibration.hpp"
#include "run_identity.hpp"

#include <cstdint>
#include <optional>

#include <torch/nn/module.h>

#include <tessera/checkpoint/training_state.hpp>
#include <tessera/dataset/store.hpp>
#include <tessera/train/finetune.hpp>

namespace tessera::train {

/// A fine-tuning run that is done.
struct FinishedRun {
    FinetuneConfig const& config;
    RunIdentity const& identity;
    dataset::Store const& store;
    dataset::LabelSet const& labels;
    Calibration const& calibration;
    checkpoint::TrainingState const& state;
    std::optional<std::uint64_t> test_flows_seen;  ///< by the pre-training; none: not known
};

/// Writes its bundle, from the weights that `model` holds.
void publish_bundle(FinishedRun const& run, torch::nn::Module const& model);

}  // namespace tessera::train
