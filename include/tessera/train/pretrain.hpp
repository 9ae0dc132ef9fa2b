#pragma once

#include <filesystem>
#include <string>

#include <tessera/base/options.hpp>
#include <tessera/batch/pretrain_sample.hpp>
#include <tessera/comm/communicator.hpp>
#include <tessera/model/bert_config.hpp>
#include <tessera/train/loop_config.hpp>

namespace tessera::train {

/// Everything that a pre-training run is made of.
struct PretrainConfig {
    LoopConfig loop;
    model::BertConfig model;
    batch::PretrainDataConfig data;
    std::string split;                ///< of the store; empty: 7:1:2 by flow, made on the fly
    std::filesystem::path init_from;  ///< run or bundle whose weights to begin with; empty: none
    double mlm_weight = 1;            ///< of the masked-burst loss (the reference: 0.1)
    double sop_weight = 1;            ///< of the same-origin loss
    std::string kernels = "auto";     ///< who computes, see model::Kernels
    bool cuda_graph = false;          ///< a GPU records a pass and replays it
};

void describe(base::OptionTable& options, PretrainConfig& config);

/// Masked-burst and same-origin pre-training on the flows of the training fold; validates on those
/// of the validation fold, never looks at test flows. Begins the run `config.loop.run` or goes on
/// with it. Collective. AgreedError: 2 for settings that do not fit, 3 for a store that cannot be
/// used, 85 after a stop signal (state saved), 1 when training fails.
void pretrain(comm::Communicator const& comm, PretrainConfig const& config, TrainMode const& mode);

}  // namespace tessera::train
