#pragma once

#include "calibration.hpp"
#include "run_identity.hpp"

#include <torch/nn/module.h>

#include <tessera/checkpoint/training_state.hpp>
#include <tessera/dataset/store.hpp>
#include <tessera/train/finetune.hpp>

namespace tessera::train {

/// Writes the bundle of a finished fine-tuning run from the weights that `model` holds.
void publish_bundle(FinetuneConfig const& config, RunIdentity const& identity,
                    dataset::Store const& store, dataset::LabelSet const& labels,
                    torch::nn::Module const& model, Calibration const& calibration,
                    checkpoint::TrainingState const& state);

}  // namespace tessera::train
