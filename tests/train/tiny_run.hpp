#pragma once

#include "snapshot.hpp"
#include "tiny_objective.hpp"
#include "trainer.hpp"

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace tessera::train {

/// Runs of the tiny objective, for tests of the trainer.
inline LoopConfig config_for(std::filesystem::path const& run) {
    LoopConfig config;
    config.run = run;
    config.micro_batch_size = 4;
    config.global_batch_size = 16;
    config.train_iters = 20;
    config.lr = 0.01;
    config.log_interval = 4;
    config.eval_interval = 5;
    config.save_interval = 10;
    config.check_replicas_interval = 7;
    config.precision = "fp32";
    return config;
}

/// Weights as bytes, after training under `config`; `prepare` may spoil the run.
using Prepare = std::function<void(TinyObjective&, Trainer&)>;

inline std::string train(comm::Communicator const& comm, LoopConfig const& config,
                         Prepare const& prepare = {}) {
    at::set_num_threads(1);
    TinyObjective objective(comm, config.micro_batches(), config.micro_batch_size);
    Trainer trainer(comm, objective, config, {"test", "[train]\n", "[model]\n", {{"store", "s"}}});
    if (prepare) prepare(objective, trainer);
    trainer.run();
    std::string bytes;
    for (auto const& [name, tensor] : weights_of(objective.module())) {
        bytes.append(static_cast<char const*>(tensor.const_data_ptr()), tensor.nbytes());
    }
    return bytes;
}

/// The lines of metrics.jsonl without times.
inline std::vector<std::string> metrics(std::filesystem::path const& run) {
    std::vector<std::string> rows;
    std::ifstream file(run / "metrics.jsonl");
    for (std::string line; std::getline(file, line);) {
        auto row = nlohmann::json::parse(line);
        for (auto const* timed :
             {"sequences_per_second", "tokens_per_second", "data_stall", "elapsed_seconds",
              "step_seconds", "reduce_seconds", "reduce_bytes", "save_seconds"})
            row.erase(timed);
        rows.push_back(row.dump());
    }
    return rows;
}

inline void stop_after(Trainer& trainer, std::int64_t step) {
    trainer.stop_when([&trainer, step] { return trainer.steps_done() == step; });
}

}  // namespace tessera::train
