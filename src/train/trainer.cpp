#include "trainer.hpp"

#include "gradient_norm.hpp"
#include "snapshot.hpp"

#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include <tessera/base/error.hpp>
#include <tessera/base/log.hpp>
#include <tessera/base/process.hpp>
#include <tessera/comm/activity.hpp>
#include <tessera/model/product_rate.hpp>
#include <tessera/parallel/replicate.hpp>
#include <tessera/report/rank_states.hpp>

namespace tessera::train {

using base::ExitCode;

namespace {

constexpr std::int64_t most_skips_in_row = 3;

/// What ranks agree on before a step: the largest word counts.
enum Word : std::int64_t { go_on, stop, save_failed };

LrSchedule schedule_of(LoopConfig const& config) {
    return {.peak = config.lr,
            .minimum = config.min_lr,
            .warmup_fraction = config.lr_warmup_fraction,
            .style = decay_style(config.lr_decay_style),
            .steps = config.train_iters};
}

AdamWConfig optimizer_of(LoopConfig const& config) {
    return {.rule = update_rule(config.optimizer),
            .beta1 = config.adam_beta1,
            .beta2 = config.adam_beta2,
            .epsilon = config.adam_eps,
            .weight_decay = config.weight_decay,
            .bias_correction =
                config.adam_bias_correction ? BiasCorrection::standard : BiasCorrection::none};
}

parallel::Reduction reduction_of(LoopConfig const& config, int ranks) {
    if (config.reduction == "tree") return parallel::Reduction::tree;
    if (config.reduction == "sum") return parallel::Reduction::sum;
    return parallel::natural_reduction(config.micro_batches(), ranks);
}

Counts summed(comm::Communicator const& comm, Counts counts) {
    comm::all_reduce(comm, std::span(counts), comm::Op::sum);
    return counts;
}

std::string shown(Metrics const& metrics) {
    std::string text;
    for (auto const& [name, value] : metrics) text += fmt::format(", {} {:.4g}", name, value);
    return text;
}

std::string shown_speed(Metrics const& speed) {
    auto const peak = metric(speed, "share_of_peak");
    return fmt::format(
        ", {:.3g} sequences/s, {}tokens/s{}, stall {:.1f} %", metric(speed, "sequences_per_second"),
        base::short_count(metric(speed, "tokens_per_second")) + " ",
        std::isnan(peak) ? std::string() : fmt::format(", {:.0f} % of peak", 100 * peak),
        100 * metric(speed, "data_stall"));
}

}  // namespace

Trainer::Trainer(comm::Communicator comm, Objective& objective, LoopConfig const& config,
                 RunIdentity identity, base::ProgressMode progress)
    : comm_(std::move(comm)),
      objective_(objective),
      config_(config),
      identity_(std::move(identity)),
      schedule_(schedule_of(config)),
      parameters_(objective.module()),
      reducer_(comm_, parameters_, config.micro_batches(), reduction_of(config, comm_.size())),
      optimizer_(parameters_, optimizer_of(config)),
      running_(objective.no_sums()) {
    on_root([&] {
        folder_.emplace(
            base::local_files(), config.run,
            checkpoint::Retention{.last = config.keep_last, .every = config.keep_every});
        bool const terminal = ::isatty(STDERR_FILENO) != 0;
        plain_progress_ = progress == base::ProgressMode::plain ||
                          (progress == base::ProgressMode::automatic && !terminal);
        if (progress == base::ProgressMode::automatic && terminal)
            bar_.emplace(progress, identity_.title, " steps",
                         static_cast<std::uint64_t>(config.train_iters));
    });
    identity_.identity["schedule"] = schedule_.text();
    identity_.identity["seed"] = std::to_string(config.seed);
    identity_.identity["global batch"] = std::to_string(config.global_batch_size);
}

/// Fallible work of the root rank; if it throws, every rank throws.
void Trainer::on_root(std::function<void()> const& work) {
    comm::agreed(comm_, [&] {
        if (comm_.is_root()) work();
    });
}

void Trainer::run() {
    if (resume() == RunStart::complete) return;
    measure_peak();
    while (state_.step < config_.train_iters) {
        if (stop_agreed()) stop_in_good_order();  // a signal may reach one rank first: agree
        take_step();
        if (due(config_.eval_interval)) validate();
        if (due(config_.save_interval)) save();
        if (due(config_.check_replicas_interval)) {
            parallel::check_replicas(comm_, parameters_, fmt::format("at step {}", state_.step));
        }
    }
    finish();
}

void Trainer::take_step() {
    base::Stopwatch const watch;
    objective_.module().train();
    parameters_.zero_gradients();
    comm::note(comm_, state_.step, "load");
    auto own_counts = objective_.load(state_.step);
    load_seconds_ += watch.seconds();
    auto const counts = summed(comm_, std::move(own_counts));
    auto sums = objective_.no_sums();
    for (std::size_t i = 0; i < objective_.micro_batches(); ++i) {
        comm::note(comm_, state_.step, "forward and backward");
        objective_.loss(i, counts, sums).backward();
        reducer_.add();
    }
    comm::note(comm_, state_.step, "reduce");
    base::Stopwatch const reducing;
    reducer_.finish();  // gradients are now the sum over all ranks, equal on all of them
    rank_seconds_ += reducing.seconds();
    parallel::average_buffers(comm_, objective_.module());
    auto const own = sums;
    own_sequences_ += own[sequences_place];
    sums.reduce(comm_);
    auto const norm = gradient_norm(parameters_);
    if (std::isfinite(norm) && sums.finite()) {
        update(norm);
        running_ += sums;
    } else {
        skip(norm, own);
    }
    ++state_.step;
    state_.samples += config_.global_batch_size;
    state_.running_seconds += watch.seconds();
    if (due(config_.log_interval)) log_step(norm);
}

void Trainer::update(double norm) {
    comm::note(comm_, state_.step, "update");
    at::NoGradGuard const no_gradients;
    optimizer_.step(schedule_.at(state_.step), clip_divisor(norm, config_.clip_grad));
    ++state_.updates;
    state_.skipped_in_row = 0;
}

/// A NaN or Inf on one rank is in everyone's sums: all ranks come here together, and the weights
/// stay as they are.
void Trainer::skip(double norm, ExactSums const& own) {
    ++state_.skipped;
    ++state_.skipped_in_row;
    auto const tensor = first_not_finite(parameters_);
    auto const blamed = comm::all_reduce(
        comm_, own.finite() ? std::int64_t{comm_.size()} : std::int64_t{comm_.rank()},
        comm::Op::min);
    auto const line = fmt::format(
        "step {}: gradient norm {}, first tensor {}, loss {}: update left out", state_.step, norm,
        tensor.value_or("none"),
        blamed < comm_.size() ? fmt::format("not finite on rank {}", blamed) : "finite");
    if (comm_.is_root()) base::log_warning("{}", line);
    if (state_.skipped_in_row < most_skips_in_row || rolled_back()) return;
    throw comm::AgreedError(
        ExitCode::failed,
        fmt::format("{} steps in a row were not finite ({}); the last good checkpoint is kept: "
                    "lower --lr, or look at the data of these steps",
                    state_.skipped_in_row, line));
}

bool Trainer::due(std::int64_t interval) const {
    return interval > 0 && (state_.step % interval == 0 || state_.step == config_.train_iters);
}

/// A checkpoint that could not be written ends the run here, on all ranks.
bool Trainer::stop_agreed() {
    auto const own = saving_.failed() ? save_failed : stop_() ? stop : go_on;
    auto const agreed = comm::all_reduce(comm_, std::int64_t{own}, comm::Op::max);
    if (agreed == save_failed) on_root([&] { saving_.wait(); });
    return agreed == stop;
}

void Trainer::stop_in_good_order() {
    save();
    on_root([&] { saving_.wait(); });
    throw comm::AgreedError(
        ExitCode::run_again,
        fmt::format("stopped by a signal after step {} of {}: state saved in '{}', run me again",
                    state_.step, config_.train_iters, base::printable(config_.run.string())));
}

/// What matrix products reach on all ranks at once, to compare steps with.
void Trainer::measure_peak() {
    if (objective_.operations(objective_.no_sums()) == 0) return;
    peak_rate_ = comm::all_reduce(comm_, model::product_rate(), comm::Op::sum);
}

Metrics Trainer::speed(ExactSums const& sums) const {
    auto const seconds = state_.running_seconds;
    Metrics result{{"sequences_per_second", sums[sequences_place] / seconds},
                   {"tokens_per_second", sums[tokens_place] / seconds},
                   {"data_stall", load_seconds_ / seconds}};
    if (peak_rate_ > 0)
        result.emplace_back("share_of_peak", objective_.operations(sums) / seconds / peak_rate_);
    result.emplace_back("elapsed_seconds", earlier_seconds_ + clock_.seconds());
    return result;
}

/// A report::RankState of each rank, as JSON. Collective.
std::vector<std::string> Trainer::rank_states() const {
    auto const seconds = state_.running_seconds;
    return comm::all_gather(comm_,
                            report::to_json({.host = base::host_name(),
                                             .step = state_.step,
                                             .sequences_per_second = own_sequences_ / seconds,
                                             .data_stall = load_seconds_ / seconds,
                                             .rank_stall = rank_seconds_ / seconds,
                                             .peak_memory = base::peak_resident_bytes()}));
}

void Trainer::log_step(double norm) {
    auto metrics = running_[sequences_place] > 0 ? objective_.metrics(running_) : Metrics{};
    metrics.emplace_back("lr", schedule_.at(state_.step - 1));
    metrics.emplace_back("grad_norm", norm);
    auto const speeds = speed(running_);
    auto const note = shown(metrics) + shown_speed(speeds);
    auto const ranks = rank_states();
    metrics.insert(metrics.end(), speeds.begin(), speeds.end());
    on_root([&] {
        folder_->record(state_.step, "train", metrics);
        folder_->record_ranks(ranks);
        auto const left = state_.running_seconds / static_cast<double>(config_.log_interval) *
                          static_cast<double>(config_.train_iters - state_.step);
        if (plain_progress_) {
            base::log_info("step {}/{}{}, {} left", state_.step, config_.train_iters, note,
                           base::short_duration(left));
        }
        if (bar_) bar_->update(static_cast<std::uint64_t>(state_.step), note.substr(2));
    });
    running_ = objective_.no_sums();
    state_.running_seconds = 0;
    load_seconds_ = 0;
    rank_seconds_ = 0;
    own_sequences_ = 0;
}

void Trainer::validate() {
    comm::note(comm_, state_.step, "validate");
    objective_.module().eval();
    ExactSums sums;
    {
        at::NoGradGuard const no_gradients;
        sums = objective_.validate();
    }
    sums.reduce(comm_);
    if (sums[sequences_place] == 0) return;  // nothing is held out
    auto metrics = objective_.metrics(sums);
    auto const score = objective_.score(metrics);
    metrics.emplace_back("elapsed_seconds", earlier_seconds_ + clock_.seconds());
    on_root([&] {
        folder_->record(state_.step, "valid", metrics);
        if (plain_progress_) base::log_info("step {} held-out{}", state_.step, shown(metrics));
    });
    if (!score || (state_.best_step >= 0 && *score <= state_.best_score)) return;
    state_.best_step = state_.step;
    state_.best_score = *score;
    save();
}

void Trainer::save() {
    if (saved_step_ == state_.step) return;
    state_.elapsed_seconds = earlier_seconds_ + clock_.seconds();
    state_.running = running_.units();
    state_.ranks = comm_.size();
    comm::note(comm_, state_.step, "save", comm::Activity::Pace::disk);
    on_root([&] { write_checkpoint(); });
    saved_step_ = state_.step;
}

/// Copies the state and leaves the disk to a thread. Metrics up to this step are on the device
/// before the checkpoint is.
void Trainer::write_checkpoint() {
    base::Stopwatch const watch;
    saving_.wait();
    auto const waited = watch.seconds();
    saving_.start([this, state = state_, model = copied(weights_of(objective_.module())),
                   moments = copied(moments_of(parameters_, optimizer_))] {
        folder_->sync_record();
        folder_->checkpoints().save(state, model, moments);
        folder_->publish_pages(identity_);
    });
    base::log_debug(
        "checkpoint of step {}: training stood still for {:.3f} s, of these {:.3f} s "
        "for the one before",
        state_.step, watch.seconds(), waited);
}

void Trainer::finish() {
    save();
    on_root([&] {
        saving_.wait();
        folder_->publish_pages(identity_);
        folder_->mark_done(state_.step);
    });
    if (bar_) bar_->finish();
}

}  // namespace tessera::train
