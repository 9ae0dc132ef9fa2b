#include "snapshot.hpp"
#include "trainer.hpp"

#include <utility>

#include <tessera/base/error.hpp>
#include <tessera/base/log.hpp>
#include <tessera/base/version.hpp>
#include <tessera/comm/activity.hpp>
#include <tessera/parallel/replicate.hpp>

namespace tessera::train {

using checkpoint::Checkpoint;

namespace {

constexpr std::int64_t most_rollbacks = 1;

}  // namespace

/// The root reads, the others are told: a folder seen by one node alone is enough.
Trainer::RunStart Trainer::resume() {
    comm::note(comm_, 0, "resume", comm::Activity::Pace::disk);
    state_.seed = config_.seed;
    state_.global_batch = config_.global_batch_size;
    state_.train_iters = config_.train_iters;
    state_.schedule = schedule_.text();
    state_.identity = identity_.identity;
    state_.origin = identity_.origin;
    state_.build = base::build_info();
    bool complete = false;
    on_root([&] {
        auto const found = folder_->checkpoints().resume();
        base::validate(found || !folder_->done(), base::ExitCode::bad_input,
                       "'{}' is marked as complete, and its checkpoints are gone: bring them back, "
                       "or remove the folder to train anew",
                       base::printable(config_.run.string()));
        if (found) restore(*found);
        complete = state_.step == config_.train_iters && folder_->done();
        if (!complete) folder_->open_record(state_, identity_);
        if (complete) base::log_info("'{}' is complete: nothing to do", config_.run.string());
    });
    spread();
    if (!state_.running.empty()) {
        base::validate(state_.running.size() == running_.units().size(), base::ExitCode::bad_input,
                       "the checkpoint in '{}' holds {} sums for its log, this program keeps {}",
                       base::printable(config_.run.string()), state_.running.size(),
                       running_.units().size());
        running_ = ExactSums::from_units(state_.running);
    }
    saved_step_ = state_.step > 0 ? state_.step : -1;
    complete = comm::all_reduce(comm_, std::int64_t{complete ? 1 : 0}, comm::Op::max) == 1;
    earlier_seconds_ = state_.elapsed_seconds;
    clock_.restart();
    return complete ? RunStart::complete : RunStart::open;
}

/// On the root: everything that `save` wrote.
void Trainer::restore(Checkpoint const& checkpoint) {
    checkpoint::require_same(checkpoint.state.identity, identity_.identity, config_.run.string());
    auto const begun = std::exchange(state_, checkpoint.state);
    state_.build = begun.build;
    if (state_.origin.empty()) state_.origin = begun.origin;  // of a program that kept none
    train::restore(checkpoint.model, weights_of(objective_.module(), parameters_));
    train::restore(checkpoint.optimizer, moments_of(parameters_, optimizer_));
    saved_step_ = state_.step;
    if (state_.best_step != state_.step) open_best();
    base::log_info("going on after step {} of {}", state_.step, config_.train_iters);
}

/// Makes every rank's state that of the root.
void Trainer::spread() {
    auto text = checkpoint::to_text(state_);
    comm::broadcast(comm_, text, 0);
    state_ = checkpoint::training_state_from(text);
    parallel::replicate(comm_, parameters_, objective_.module());
    parallel::replicate(comm_, optimizer_.first_moment());
    parallel::replicate(comm_, optimizer_.second_moment());
    parameters_.refresh();
    optimizer_.set_updates(state_.updates);
    if (state_.step > 0) scaler_.restore({state_.loss_scale, state_.loss_scale_steps});
}

/// Weights and moments of the newest checkpoint, but not its step: what lies between is not learnt
/// from again (as PaLM did, Chowdhery 2022, 5.1). False when there is none or the budget is spent.
bool Trainer::rolled_back() {
    if (state_.rollbacks >= most_rollbacks) return false;
    std::int64_t from = -1;
    await_save();
    comm::note(comm_, state_.step, "roll back", comm::Activity::Pace::disk);
    on_root([&] {
        auto const found = folder_->checkpoints().newest();
        if (!found) return;
        train::restore(found->model, weights_of(objective_.module(), parameters_));
        train::restore(found->optimizer, moments_of(parameters_, optimizer_));
        state_.updates = found->state.updates;
        state_.loss_scale = found->state.loss_scale;
        state_.loss_scale_steps = found->state.loss_scale_steps;
        from = found->state.step;
    });
    from = comm::all_reduce(comm_, from, comm::Op::max);
    if (from < 0) return false;
    ++state_.rollbacks;
    state_.skipped_in_row = 0;
    spread();
    if (comm_.is_root())
        base::log_warning("weights go back to those of step {}; the data since is left behind",
                          from);
    return true;
}

/// On the root: what was best and cannot be read any more is forgotten, so that what comes can be
/// the best, or the last weights count.
std::optional<Checkpoint> Trainer::open_best() {
    if (state_.best_step < 0) return std::nullopt;
    try {
        return folder_->checkpoints().open(state_.best_step);
    } catch (base::Error const& fault) {
        if (fault.code() != base::ExitCode::bad_input) throw;
        base::log_warning(
            "the best weights so far, of step {}, are lost, so they are forgotten: {}",
            state_.best_step, fault.what());
        state_.best_step = -1;
        state_.best_score = 0;
        return std::nullopt;
    }
}

void Trainer::load_best() {
    if (state_.best_step >= 0 && state_.best_step != state_.step) {
        comm::note(comm_, state_.step, "load the best weights", comm::Activity::Pace::disk);
        on_root([&] {
            auto const best = open_best();
            if (best) train::restore(best->model, weights_of(objective_.module(), parameters_));
        });
        state_.best_step = comm::all_reduce(comm_, state_.best_step, comm::Op::min);
        parallel::replicate(comm_, parameters_, objective_.module());
    }
    parameters_.widen();
}

}  // namespace tessera::train
