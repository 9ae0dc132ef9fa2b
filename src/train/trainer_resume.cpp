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
    require_same_on_ranks();
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

/// Each rank read settings, environment and program on its own node.
void Trainer::require_same_on_ranks() const {
    auto const texts = comm::all_gather(comm_, checkpoint::to_text(state_));
    auto const first = checkpoint::training_state_from(texts.front()).identity;
    for (std::size_t rank = 1; rank < texts.size(); ++rank) {
        if (texts[rank] == texts.front()) continue;
        auto const found = checkpoint::differences(
            first, checkpoint::training_state_from(texts[rank]).identity,
            [rank](auto& part, auto& root, auto& other) {
                return fmt::format("{} is {} on rank 0, {} on rank {}", part, root, other, rank);
            });
        if (found.empty()) continue;
        throw comm::AgreedError(
            base::ExitCode::usage,
            fmt::format("ranks would not train the same: {}; give all nodes one program, one "
                        "configuration and one environment",
                        found));
    }
}

/// A complete run computes nothing more, so it may be another build that looks at it.
void Trainer::require_same_run(checkpoint::TrainingState const& saved) const {
    auto before = saved.identity;
    auto const& now = identity_.identity;
    bool const computes = saved.step < config_.train_iters || !folder_->done();
    auto const program = std::exchange(before[program_part], now.at(program_part));
    checkpoint::require_same(before, now, config_.run.string());
    if (!computes || program == now.at(program_part)) return;
    auto const text = fmt::format(
        "'{}' was begun by another build of this program ({}; this one: {})",
        base::printable(config_.run.string()),
        program.empty() ? "it does not say which" : base::printable(program), now.at(program_part));
    base::validate(
        config_.any_build, base::ExitCode::usage,
        "{}: end it with that one, or give --any-build (TESSERA_TRAIN_ANY_BUILD=true) to go on, "
        "perhaps not to the same bits",
        text);
    base::log_warning("{}: it goes on, perhaps not to the same bits", text);
}

/// On the root: everything that `save` wrote.
void Trainer::restore(Checkpoint const& checkpoint) {
    require_same_run(checkpoint.state);
    auto const begun = std::exchange(state_, checkpoint.state);
    state_.build = begun.build;
    state_.identity = begun.identity;
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
