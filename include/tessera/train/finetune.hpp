#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include <tessera/base/options.hpp>
#include <tessera/batch/classifier_sample.hpp>
#include <tessera/comm/communicator.hpp>
#include <tessera/model/classifier_config.hpp>
#include <tessera/train/loop_config.hpp>

namespace tessera::train {

/// Everything that a fine-tuning run is made of.
struct FinetuneConfig {
    FinetuneConfig();

    LoopConfig loop;
    std::string init = "none";      ///< run, bundle, or none: random weights of size `model`
    model::ClassifierConfig model;  ///< the size of its encoder is that of `init`, if any
    batch::ClassifierDataConfig data;
    std::string split = "default";
    std::string labels;  ///< label set of the store; empty: its first
    double epochs = 0;   ///< passes over the training fold; 0: train_iters counts
    std::string class_weights = "none";
    std::int64_t layer_iters = 0;  ///< of each layer of a stacked auto-encoder; 0: train_iters
    bool freeze_encoder = false;
    bool shuffle_labels = false;   ///< a control: what training flows are called says nothing
    std::filesystem::path bundle;  ///< where the bundle goes; empty: RUN/bundle
};

void describe(base::OptionTable& options, FinetuneConfig& config);

/// Trains a classifier on the labelled flows (or packets) of the training fold, keeps the
/// checkpoint with the best macro-F1 on the validation fold, and writes it as a bundle. Begins the
/// run or goes on with it. Collective; errors as in `pretrain`.
void finetune(comm::Communicator const& comm, FinetuneConfig const& config, TrainMode const& mode);

}  // namespace tessera::train
