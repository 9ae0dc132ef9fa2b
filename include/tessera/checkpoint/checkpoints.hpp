#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <tessera/base/files.hpp>
#include <tessera/checkpoint/safetensors.hpp>
#include <tessera/checkpoint/training_state.hpp>

namespace tessera::checkpoint {

/// Which checkpoints stay. The best one always does.
struct Retention {
    std::int64_t last = 2;   ///< the newest ones; at least 2, so that one damaged file loses little
    std::int64_t every = 0;  ///< also those at multiples of this step; 0: none
};

/// One whole checkpoint: every file has the size and hash that its state.json names.
struct Checkpoint {
    TrainingState state;
    SafetensorsFile model;
    SafetensorsFile optimizer;
};

/// The folder RUN/checkpoints: step-N/{model.safetensors, optimizer.safetensors, state.json}.
/// A checkpoint is written to a hidden folder, synced and renamed, so it is there whole or not at
/// all; what a crash or a bad disk damages later is found by its hash and passed over. One writer a
/// folder (see base::FolderLock). A folder that cannot be listed is Error(environment), and not an
/// empty one: a run must not begin anew over checkpoints that are out of sight.
class Checkpoints {
  public:
    Checkpoints(base::FileSystem& files, std::filesystem::path folder, Retention retention = {});

    /// Publishes a checkpoint for `state.step`, then lets old ones go. Error(environment) leaves
    /// the earlier ones as they were.
    void save(TrainingState const& state, std::span<NamedTensor const> model,
              std::span<NamedTensor const> optimizer);

    /// Puts `state` in the place of the one saved for its step; weights and moments stay.
    /// Error(environment) leaves the earlier one.
    void amend(TrainingState const& state);

    /// The newest whole checkpoint; damaged ones are logged and passed over. None: there is no
    /// folder of a step. Error(bad_input) when there are some and none opens.
    std::optional<Checkpoint> newest() const;

    /// The state alone of the newest checkpoint whose state.json is whole; weights and moments may
    /// be damaged. None: there is no such checkpoint.
    std::optional<TrainingState> newest_state() const;

    /// `newest`, for the one writer to go on from: damaged ones past it go with the next `save`,
    /// and what a killed `save` left half written goes now.
    std::optional<Checkpoint> resume();

    /// That step's checkpoint; Error(bad_input) names the damaged file.
    Checkpoint open(std::int64_t step) const;

    /// Steps that have a folder, ascending; damaged ones included.
    std::vector<std::int64_t> steps() const;

    std::filesystem::path folder_of(std::int64_t step) const;

  private:
    void write(std::filesystem::path const& folder, TrainingState const& state,
               std::span<NamedTensor const> model, std::span<NamedTensor const> optimizer);
    void let_go(TrainingState const& newest);
    std::vector<std::filesystem::path> items() const;

    base::FileSystem& files_;
    std::filesystem::path folder_;
    Retention retention_;
    bool resumed_ = false;  ///< later checkpoints are damaged ones that were passed over
};

/// Opens and checks one checkpoint folder; Error(bad_input) names the damaged file.
Checkpoint open_checkpoint(std::filesystem::path const& folder);

}  // namespace tessera::checkpoint
