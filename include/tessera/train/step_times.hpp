#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <torch/types.h>

#include <tessera/model/bert_config.hpp>

namespace tessera::train {

/// Seconds of pre-training steps on random tokens, none of them padding: forward, backward, norm,
/// clipping and update, as the trainer does them on one rank. For benches and estimates.
struct StepShape {
    std::int64_t sequences = 32;
    std::int64_t tokens = 128;  ///< of a sequence
    std::int64_t warm_up = 2;   ///< steps that are not counted
    std::int64_t steps = 10;
    std::int64_t threads = 1;
    torch::Device device = torch::kCPU;
    std::string precision = "fp32";  ///< or bf16, fp16
};

/// Of the tokens, that are predicted.
inline constexpr double masked_share = 0.15;

std::vector<double> step_times(model::BertConfig const& config, StepShape const& shape);

/// Seconds of making the batches of as many steps out of a store's bursts, on one thread, as a run
/// does beside its training. Error(bad_input) for what is no store.
std::vector<double> loading_times(std::filesystem::path const& store, StepShape const& shape);

}  // namespace tessera::train
