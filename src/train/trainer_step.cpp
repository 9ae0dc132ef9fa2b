#include "gradient_norm.hpp"
#include "trainer.hpp"

#include <chrono>
#include <cmath>
#include <span>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include <tessera/base/error.hpp>
#include <tessera/base/log.hpp>
#include <tessera/base/random.hpp>
#include <tessera/comm/activity.hpp>
#include <tessera/device/compute_device.hpp>

namespace tessera::train {

namespace {

/// What LibTorch's generator starts from in micro-batch `place` of the endless order: dropout that
/// it draws is the same on any number of ranks, and after a resumption.
std::uint64_t generator_seed(std::uint64_t seed, std::uint64_t place) {
    return base::RandomStream(seed, base::Purpose::dropout, 2, place).next_u64();
}

Counts summed(comm::Communicator const& comm, Counts counts) {
    comm::all_reduce(comm, std::span(counts), comm::Op::sum);
    return counts;
}

}  // namespace

void Trainer::take_step() {
    base::Stopwatch const watch;
    objective_.module().train();
    parameters_.zero_gradients();
    comm::note(comm_, state_.step, "load", comm::Activity::Pace::disk);
    auto own_counts = objective_.load(state_.step);
    load_seconds_ += watch.seconds();
    auto const counts = summed(comm_, std::move(own_counts));
    auto sums = objective_.no_sums();
    statistics_.begin_step();
    for (std::size_t i = 0; i < objective_.micro_batches(); ++i) {
        auto const micro_batch = first_micro_batch() + static_cast<std::int64_t>(i);
        comm::note(comm_, state_.step, "forward and backward");
        seed_dropout(micro_batch);
        objective_.pass(i, counts, sums,
                        [&](at::Tensor const& loss) { return scaler_.scaled(loss); });
        reducer_.add();
        statistics_.collect(micro_batch);
    }
    comm::note(comm_, state_.step, "reduce");
    base::Stopwatch const reducing;
    reducer_.finish();  // gradients are now the sum over all ranks, equal on all of them
    rank_seconds_ += reducing.seconds();
    auto const norm = update();
    queued_.push_back({state_.step, norm, std::move(sums), device::Marker(norm.device())});
    ++state_.step;
    state_.samples += config_.global_batch_size;
    if (norm.is_cpu() || anything_due()) settle();
    state_.running_seconds += watch.seconds();
    if (due(config_.log_interval)) log_step();
}

/// Of this rank, in the global batch.
std::int64_t Trainer::first_micro_batch() const {
    auto const all = static_cast<std::size_t>(config_.micro_batches());
    return static_cast<std::int64_t>(comm::shard(all, comm_).begin);
}

void Trainer::seed_dropout(std::int64_t micro_batch) {
    auto const place = state_.step * config_.micro_batches() + micro_batch;
    device::seed_generator(parameters_.device(),
                           generator_seed(config_.seed, static_cast<std::uint64_t>(place)));
}

/// The device leaves the update out when the gradients are not finite. A NaN or Inf on one rank is
/// in everyone's sum: all ranks do the same. [] the norm of the gradients.
at::Tensor Trainer::update() {
    comm::note(comm_, state_.step, "update");
    at::NoGradGuard const no_gradients;
    auto norm = gradient_norm(comm_, parameters_, between_gpus_.get()) / scaler_.scale();
    auto const bad = norm.isfinite().logical_not().to(at::kFloat);
    optimizer_.step(schedule_.at(state_.step),
                    clip_divisor(norm, config_.clip_grad) * scaler_.scale(), bad);
    statistics_.end_step(bad);
    scaler_.update(bad);
    parameters_.refresh();
    return norm;
}

/// Reads what came of the queued steps and takes it into account. Collective.
void Trainer::settle() {
    auto const rollbacks = state_.rollbacks;
    for (auto& step : std::exchange(queued_, {})) {
        wait_for(step);
        account(std::move(step));
        if (state_.rollbacks != rollbacks) break;  // the others moved weights that are gone
    }
}

/// On a GPU: each step that it ends is a sign of life, and none means that it, or NCCL, hangs.
void Trainer::wait_for(Queued const& step) {
    comm::tick(comm_);
    while (!step.end.passed()) {
        if (between_gpus_) between_gpus_->check();
        std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
}

void Trainer::account(Queued step) {
    step.sums.settle();
    auto const own = step.sums;
    own_sequences_ += own[sequences_place];
    step.sums.reduce(comm_);
    last_norm_ = step.norm.item<double>();
    if (!std::isfinite(last_norm_)) return skip(step.step, last_norm_, own);
    ++state_.updates;
    state_.skipped_in_row = 0;
    if (step.sums.finite()) running_ += step.sums;
}

/// The weights are as they were before this step, on all ranks. With a loss scale, overflows are
/// how it finds its place, and nothing to speak of.
void Trainer::skip(std::int64_t step, double norm, ExactSums const& own) {
    ++state_.skipped;
    ++state_.skipped_in_row;
    auto const tensor = step + 1 == state_.step ? first_not_finite(parameters_) : std::nullopt;
    auto const blamed = comm::all_reduce(
        comm_, own.finite() ? std::int64_t{comm_.size()} : std::int64_t{comm_.rank()},
        comm::Op::min);
    auto const line = fmt::format(
        "step {}: gradient norm {}, first tensor {}, loss {}: update left out", step, norm,
        tensor.value_or("none"),
        blamed < comm_.size() ? fmt::format("not finite on rank {}", blamed) : "finite");
    if (comm_.is_root()) {
        scaler_.active() ? base::log_debug("{}", line) : base::log_warning("{}", line);
    }
    if (state_.skipped_in_row < most_skips_in_row() || rolled_back()) return;
    throw comm::AgreedError(
        base::ExitCode::failed,
        fmt::format("{} steps in a row were not finite ({}); the last good checkpoint is kept: "
                    "lower --lr, or look at the data of these steps",
                    state_.skipped_in_row, line));
}

/// A scale of 65,536 may halve 16 times before it is below 1, where fp16 is no use.
std::int64_t Trainer::most_skips_in_row() const {
    return scaler_.active() ? 18 : 3;
}

bool Trainer::anything_due() const {
    return due(config_.log_interval) || due(config_.eval_interval) || due(config_.save_interval) ||
           due(config_.check_replicas_interval);
}

}  // namespace tessera::train
