#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include <tessera/base/options.hpp>
#include <tessera/base/progress.hpp>

namespace tessera::train {

/// Settings of the training loop, the same for every task. Names follow Megatron-LM.
struct LoopConfig {
    std::filesystem::path store;
    std::filesystem::path run;
    std::uint64_t seed = 1;
    std::int64_t micro_batch_size = 8;
    std::int64_t global_batch_size = 32;
    std::int64_t train_iters = 1000;
    double lr = 1e-4;
    double min_lr = 0;
    double lr_warmup_fraction = 0.1;
    std::string lr_decay_style = "linear";
    std::string optimizer = "adamw";
    double weight_decay = 0.01;
    double adam_beta1 = 0.9;
    double adam_beta2 = 0.999;
    double adam_eps = 1e-6;
    bool adam_bias_correction = true;
    double clip_grad = 1.0;
    std::string reduction = "auto";
    std::string overlap = "auto";
    std::string device = "auto";
    std::string precision = "auto";  ///< `auto` is for commands: a Trainer wants it settled
    std::int64_t log_interval = 10;
    std::int64_t eval_interval = 100;
    std::int64_t eval_iters = 10;
    std::int64_t save_interval = 100;
    std::int64_t keep_last = 2;
    std::int64_t keep_every = 0;
    std::int64_t threads = 0;
    std::int64_t check_replicas_interval = 1000;
    double hang_limit = 45;
    bool any_build = false;

    /// Micro-batches of one step, over all ranks.
    std::int64_t micro_batches() const { return global_batch_size / micro_batch_size; }
};

/// How a training is called, apart from what is trained.
struct TrainMode {
    base::ProgressMode progress = base::ProgressMode::none;
    bool dry_run = false;  ///< read and check everything, say what would be trained, write nothing
};

/// Options of section "train".
void describe(base::OptionTable& options, LoopConfig& config);

/// Error(usage) lists all settings that cannot be met on `ranks` ranks.
void check(LoopConfig const& config, int ranks);

}  // namespace tessera::train
