#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <tessera/base/version.hpp>

namespace tessera::checkpoint {

/// What a run was made of, by part ("store", "tokenizer", "masking", "model", ..): names or hashes.
using Identity = std::map<std::string, std::string>;

/// All that a run needs beside weights and moments to go on bit for bit. Sample order, masks and
/// dropout (on a GPU: the seed of its generator) are pure functions of seed and position, so there
/// is no generator state to keep.
struct TrainingState {
    std::int64_t step = 0;            ///< steps done; the next one is number `step`
    std::int64_t updates = 0;         ///< optimizer updates done: steps less the skipped ones
    std::int64_t skipped = 0;         ///< steps whose update was refused (NaN or Inf)
    std::int64_t skipped_in_row = 0;  ///< of these, the last ones without an update between
    std::int64_t rollbacks = 0;       ///< times that weights went back to a checkpoint
    std::int64_t samples = 0;         ///< sequences seen: the cursor in the sample order
    std::uint64_t seed = 0;
    std::int64_t global_batch = 0;  ///< sequences a step
    std::int64_t train_iters = 0;   ///< with lr and its shape: what the learning rate depends on
    std::int64_t ranks = 1;         ///< when saved; another number may go on
    std::int64_t best_step = -1;    ///< step with the best held-out score, -1: none yet
    double best_score = 0;
    bool validation_due = false;  ///< that of this step was cut off: it comes first on going on
    double loss_scale = 1;        ///< fp16: what losses are multiplied by
    std::int64_t loss_scale_steps = 0;  ///< since it last changed
    double elapsed_seconds = 0;         ///< of training, over all starts
    std::vector<std::int64_t> running;  ///< sums since the last line of metrics, see train
    double running_seconds = 0;         ///< of the steps in them
    std::string schedule;               ///< learning rate, its shape and warm-up
    Identity identity;                  ///< must be equal to go on
    Identity origin;                    ///< of the weights it began with; empty: drawn
    base::BuildInfo build;
};

/// The state as one line of text, to be sent between ranks, and back.
std::string to_text(TrainingState const& state);
TrainingState training_state_from(std::string const& text);

/// How to say that a part is one thing here and another there.
using SayDifference = std::function<std::string(std::string const& part, std::string const& here,
                                                std::string const& there)>;

/// Every part in which two identities differ, on one line; empty where they are the same.
std::string differences(Identity const& one, Identity const& other, SayDifference const& say);

/// Error(usage) in one line that names every part in which `saved` and `current` differ. `where` is
/// the run or checkpoint that holds `saved`.
void require_same(Identity const& saved, Identity const& current, std::string_view where);

}  // namespace tessera::checkpoint
