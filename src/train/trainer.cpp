#include "trainer.hpp"

#include "precision.hpp"
#include "snapshot.hpp"

#include <chrono>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include <tessera/base/error.hpp>
#include <tessera/base/log.hpp>
#include <tessera/base/process.hpp>
#include <tessera/comm/activity.hpp>
#include <tessera/device/allocator.hpp>
#include <tessera/model/product_rate.hpp>
#include <tessera/parallel/replicate.hpp>
#include <tessera/report/rank_states.hpp>

namespace tessera::train {

using base::ExitCode;

namespace {

/// Before a GPU counts as one that cannot be reached.
constexpr std::chrono::seconds connect_limit{120};

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

parallel::Reduction reduction_of(LoopConfig const& config, int ranks, bool between_gpus) {
    if (config.reduction == "tree") return parallel::Reduction::tree;
    if (config.reduction == "sum" || between_gpus) return parallel::Reduction::sum;
    return parallel::natural_reduction(config.micro_batches(), ranks);
}

parallel::GradientReducer::Config reducer_of(LoopConfig const& config, int ranks,
                                             device::DeviceCollectives* between_gpus) {
    auto const automatic = between_gpus != nullptr ? "on" : "off";
    auto const overlap = config.overlap == "auto" ? automatic : config.overlap;
    return {.micro_batches = config.micro_batches(),
            .reduction = reduction_of(config, ranks, between_gpus != nullptr),
            .overlap = overlap == "on" ? parallel::Overlap::on : parallel::Overlap::off,
            .between_gpus = between_gpus};
}

std::unique_ptr<device::DeviceCollectives> collectives_of(comm::Communicator const& comm,
                                                          torch::Device device) {
    if (device.is_cpu() || comm.size() == 1) return nullptr;
    return device::make_device_collectives(comm, device.index(), connect_limit);
}

std::string shown(Metrics const& metrics) {
    std::string text;
    for (auto const& [name, value] : metrics) text += fmt::format(", {} {:.4g}", name, value);
    return text;
}

std::string shown_speed(Metrics const& speed) {
    auto const peak = metric(speed, "share_of_peak");
    return fmt::format(
        ", {:.3g} s a step, {:.3g} sequences/s, {}tokens/s{}, stall {:.1f} %",
        metric(speed, "step_seconds"), metric(speed, "sequences_per_second"),
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
      parameters_(objective.module(), compute_type(config.precision)),
      between_gpus_(collectives_of(comm_, parameters_.device())),
      reducer_(comm_, parameters_, reducer_of(config, comm_.size(), between_gpus_.get())),
      statistics_(comm_, objective.module(), config.micro_batches()),
      optimizer_(parameters_, optimizer_of(config)),
      scaler_(parameters_.device(), compute_type(config.precision)),
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
    identity_.identity[program_part] = program_text(base::build_info());
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
    device::keep_freed_memory();
    measure_peak();
    if (state_.validation_due) validate_late();
    while (state_.step < config_.train_iters) {
        if (stop_agreed()) stop_in_good_order();  // a signal may reach one rank first: agree
        take_step();
        if (due(config_.eval_interval)) validate();
        if (due(config_.save_interval)) save();
        if (due(config_.check_replicas_interval)) {
            comm::note(comm_, state_.step, "compare replicas");
            parallel::check_replicas(comm_, parameters_, fmt::format("at step {}", state_.step));
        }
    }
    finish();
}

bool Trainer::due(std::int64_t interval) const {
    return interval > 0 && (state_.step % interval == 0 || state_.step == config_.train_iters);
}

/// A checkpoint that could not be written ends the run here, on all ranks.
bool Trainer::stop_agreed() {
    auto const own = saving_.failed() ? save_failed : stop_() ? stop : go_on;
    auto const agreed = comm::all_reduce(comm_, std::int64_t{own}, comm::Op::max);
    if (agreed == save_failed) await_save();
    return agreed == stop;
}

/// The disk may be slow, which is no fault of the root.
void Trainer::await_save() {
    comm::note(comm_, state_.step, "await the save", comm::Activity::Pace::disk);
    on_root([&] { saving_.wait(); });
}

void Trainer::stop_in_good_order() {
    save();
    await_save();
    throw comm::AgreedError(
        ExitCode::run_again,
        fmt::format("stopped by a signal after step {} of {}: state saved in '{}', run me again",
                    state_.step, config_.train_iters, base::printable(config_.run.string())));
}

/// What matrix products reach on all ranks at once, to compare steps with.
void Trainer::measure_peak() {
    if (objective_.operations(objective_.no_sums()) == 0) return;
    auto const rate = model::product_rate(parameters_.device(), compute_type(config_.precision));
    peak_rate_ = comm::all_reduce(comm_, rate, comm::Op::sum);
}

Metrics Trainer::speed(ExactSums const& sums) const {
    auto const seconds = state_.running_seconds;
    auto const steps = sums[sequences_place] / static_cast<double>(config_.global_batch_size);
    Metrics result{{"sequences_per_second", sums[sequences_place] / seconds},
                   {"tokens_per_second", sums[tokens_place] / seconds},
                   {"data_stall", load_seconds_ / seconds},
                   {"step_seconds", seconds / steps},
                   {"save_seconds", save_seconds_}};
    if (comm_.size() > 1) {
        result.emplace_back("reduce_bytes", static_cast<double>(reducer_.bytes_a_step()));
        result.emplace_back("reduce_seconds", rank_seconds_ / steps);
    }
    if (scaler_.active()) result.emplace_back("loss_scale", scaler_.state().scale);
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

void Trainer::log_step() {
    auto metrics = running_[sequences_place] > 0 ? objective_.metrics(running_) : Metrics{};
    metrics.emplace_back("lr", schedule_.at(state_.step - 1));
    metrics.emplace_back("grad_norm", last_norm_);
    auto const speeds = speed(running_);
    auto const note = shown(metrics) + shown_speed(speeds);
    auto const ranks = rank_states();
    metrics.insert(metrics.end(), speeds.begin(), speeds.end());
    comm::note(comm_, state_.step, "record", comm::Activity::Pace::disk);
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
    save_seconds_ = 0;
    own_sequences_ = 0;
}

/// May take longer than what is left after a warning, so it is left at a stop and done anew.
void Trainer::validate() {
    state_.validation_due = true;
    if (stop_agreed()) stop_in_good_order();
    comm::note(comm_, state_.step, "validate");
    objective_.module().eval();
    ExactSums sums;
    {
        at::NoGradGuard const no_gradients;
        sums = objective_.validate(stop_);
    }
    if (stop_agreed()) stop_in_good_order();  // some ranks may have seen less than their share
    state_.validation_due = false;
    sums.reduce(comm_);
    if (sums[sequences_place] == 0) return;  // nothing is held out
    if (!sums.finite()) {
        if (comm_.is_root())
            base::log_warning("step {}: the held-out loss is no number, so it has no score",
                              state_.step);
        return;
    }
    auto metrics = objective_.metrics(sums);
    auto const score = objective_.score(metrics);
    metrics.emplace_back("elapsed_seconds", earlier_seconds_ + clock_.seconds());
    comm::note(comm_, state_.step, "record", comm::Activity::Pace::disk);
    on_root([&] {
        folder_->record(state_.step, "valid", metrics);
        if (plain_progress_) base::log_info("step {} held-out{}", state_.step, shown(metrics));
    });
    if (!score || (state_.best_step >= 0 && *score <= state_.best_score)) return;
    state_.best_step = state_.step;
    state_.best_score = *score;
    save();
}

/// That of the step that the run goes on from.
void Trainer::validate_late() {
    validate();
    on_root([&] { folder_->checkpoints().amend(state_); });
}

void Trainer::save() {
    if (saved_step_ == state_.step) return;
    settle();
    auto const scale = scaler_.state();
    state_.loss_scale = scale.scale;
    state_.loss_scale_steps = scale.good_steps;
    state_.elapsed_seconds = earlier_seconds_ + clock_.seconds();
    state_.running = running_.units();
    state_.ranks = comm_.size();
    comm::note(comm_, state_.step, "save", comm::Activity::Pace::disk);
    base::Stopwatch const watch;
    on_root([&] { write_checkpoint(); });
    save_seconds_ += watch.seconds();
    saved_step_ = state_.step;
}

/// Copies the state and leaves the disk to a thread. Metrics up to this step are on the device
/// before the checkpoint is.
void Trainer::write_checkpoint() {
    base::Stopwatch const watch;
    saving_.wait();
    auto const waited = watch.seconds();
    saving_.start([this, state = state_,
                   model = copied(weights_of(objective_.module(), parameters_)),
                   moments = copied(moments_of(parameters_, optimizer_))] {
        folder_->sync_record();
        folder_->checkpoints().save(state, model, moments);
        folder_->publish_pages_now_and_then(identity_);
    });
    base::log_debug(
        "checkpoint of step {}: training stood still for {:.3f} s, of these {:.3f} s "
        "for the one before",
        state_.step, watch.seconds(), waited);
}

void Trainer::finish() {
    save();
    await_save();
    on_root([&] {
        folder_->publish_pages(identity_);
        folder_->mark_done(state_.step);
    });
    if (bar_) bar_->finish();
}

}  // namespace tessera::train
