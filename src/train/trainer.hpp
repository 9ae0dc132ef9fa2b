#pragma once

#include "adamw.hpp"
#include "background_save.hpp"
#include "loss_scaler.hpp"
#include "lr_schedule.hpp"
#include "objective.hpp"
#include "run_folder.hpp"
#include "run_identity.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <tessera/base/progress.hpp>
#include <tessera/base/stop.hpp>
#include <tessera/base/time.hpp>
#include <tessera/checkpoint/checkpoints.hpp>
#include <tessera/comm/communicator.hpp>
#include <tessera/device/device_collectives.hpp>
#include <tessera/device/side_stream.hpp>
#include <tessera/parallel/flat_parameters.hpp>
#include <tessera/parallel/gradient_reducer.hpp>
#include <tessera/parallel/running_statistics.hpp>
#include <tessera/train/loop_config.hpp>

namespace tessera::train {

/// The training loop. Collective: every rank makes one with the same arguments and runs it.
///
/// The host queues steps on a GPU without waiting for it: an update that must not be is left out by
/// the device itself, and what came of the steps is read where a line of metrics, a validation or a
/// checkpoint is due. On the CPU that is after every step.
class Trainer {
  public:
    /// Lays the module's parameters flat, so move, freeze and initialise them before. Error(usage)
    /// for a precision that is not settled.
    Trainer(comm::Communicator comm, Objective& objective, LoopConfig const& config,
            RunIdentity identity, base::ProgressMode progress = base::ProgressMode::none);

    /// Goes on from the newest whole checkpoint of the run, or begins it, and trains to the end.
    /// Begins it only where nothing of an earlier start can be lost: AgreedError(bad_input) when
    /// there are checkpoints and none opens, or the mark of a complete run without any.
    /// AgreedError(run_again) after a stop signal: the state is saved. When the update is not
    /// finite three times in a row, weights and moments go back to the newest checkpoint and the
    /// samples in between are left behind; AgreedError(failed) when that does not help: nothing is
    /// saved over the last good checkpoint.
    void run();

    std::int64_t steps_done() const { return state_.step; }
    checkpoint::TrainingState const& state() const { return state_; }

    /// Asks `stop` instead of the signal flag whether to save and end (time limits, tests).
    void stop_when(Stop stop) { stop_ = std::move(stop); }

    /// Loads the weights that did best on held-out data (or the last ones) into the module, which
    /// computes in float32 from then on. Collective.
    void load_best();

  private:
    /// A step that is queued, and what is not yet known of it.
    struct Queued {
        std::int64_t step;
        at::Tensor norm;  // [] float32, of the gradients
        ExactSums sums;
        device::Marker end;
    };

    enum class RunStart { open, complete };
    RunStart resume();
    void require_same_on_ranks() const;
    void require_same_run(checkpoint::TrainingState const& saved) const;
    void restore(checkpoint::Checkpoint const& checkpoint);
    std::optional<checkpoint::Checkpoint> open_best();
    void spread();
    void take_step();
    std::int64_t first_micro_batch() const;
    void seed_dropout(std::int64_t micro_batch);
    at::Tensor update();
    void settle();
    void wait_for(Queued const& step);
    void account(Queued step);
    void skip(std::int64_t step, double norm, ExactSums const& own);
    bool rolled_back();
    void log_step();
    void validate();
    void validate_late();
    void save();
    void await_save();
    void stop_in_good_order();
    void finish();

    bool due(std::int64_t interval) const;
    bool anything_due() const;
    std::int64_t most_skips_in_row() const;
    bool stop_agreed();
    void write_checkpoint();
    Metrics speed(ExactSums const& sums) const;
    void measure_peak();
    std::vector<std::string> rank_states() const;
    void on_root(std::function<void()> const& work);

    comm::Communicator comm_;
    Objective& objective_;
    LoopConfig config_;
    RunIdentity identity_;
    LrSchedule schedule_;
    parallel::FlatParameters parameters_;
    std::unique_ptr<device::DeviceCollectives> between_gpus_;  // null: MPI moves gradients
    parallel::GradientReducer reducer_;
    parallel::RunningStatistics statistics_;
    AdamW optimizer_;
    LossScaler scaler_;
    std::vector<Queued> queued_;
    std::optional<RunFolder> folder_;  // root only
    BackgroundSave saving_;            // root only; ends before the folder does
    std::optional<base::Progress> bar_;
    bool plain_progress_ = false;
    Stop stop_ = base::stop_requested;

    checkpoint::TrainingState state_;
    ExactSums running_;           // since the last line of metrics
    double earlier_seconds_ = 0;  // of earlier starts
    double last_norm_ = 0;        // of the gradients of the last step that is settled
    double load_seconds_ = 0;     // since the last line of metrics: waited for data
    double save_seconds_ = 0;     // likewise: stood still for a checkpoint
    double rank_seconds_ = 0;     // likewise: in reductions, so mostly waiting for later ranks
    double own_sequences_ = 0;    // likewise: of this rank
    double peak_rate_ = 0;        // of matrix products on all ranks, 1/s; 0: not measured
    std::int64_t saved_step_ = -1;
    base::Stopwatch clock_;
};

}  // namespace tessera::train
