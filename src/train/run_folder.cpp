#include "run_folder.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <tessera/base/error.hpp>
#include <tessera/base/log.hpp>
#include <tessera/base/process.hpp>
#include <tessera/report/exposition.hpp>
#include <tessera/report/run_page.hpp>

namespace tessera::train {

namespace fs = std::filesystem;

namespace {

constexpr auto done_name = "DONE";

fs::path made(fs::path const& path) {
    std::error_code error;
    fs::create_directories(path / checkpoints_folder, error);
    base::validate(!error, base::ExitCode::environment, "cannot create the run folder '{}': {}",
                   base::printable(path.string()), error.message());
    return path;
}

double seconds_since_epoch() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

std::string writer_name() {
    return fmt::format("{}.{}", base::host_name(), ::getpid());
}

/// Mean over the lines of metrics, and what was predicted.
std::string step_times(std::vector<report::MetricRow> const& metrics, RunIdentity const& identity) {
    double sum = 0;
    double lines = 0;
    for (auto const& row : metrics) {
        auto const seconds = row.value("step_seconds");
        if (!seconds || !std::isfinite(*seconds)) continue;
        sum += *seconds;
        ++lines;
    }
    auto text = lines > 0 ? fmt::format("{:.3g} measured", sum / lines) : std::string("not known");
    if (identity.predicted_step_seconds)
        text += fmt::format(", {:.3g} predicted by tessera plan", *identity.predicted_step_seconds);
    return text;
}

}  // namespace

void keep_log(comm::Communicator const& comm, fs::path const& run) {
    base::log_to_file(made(run) / fmt::format("log.rank{}.txt", comm.rank()));
}

comm::WatchdogConfig watched(LoopConfig const& config) {
    constexpr double signs_in_limit = 10;
    return {.limit = config.hang_limit,
            .interval = std::min(1.0, config.hang_limit / signs_in_limit),
            .report = config.run / "lost.txt"};
}

RunFolder::RunFolder(base::FileSystem& files, fs::path path, checkpoint::Retention const& retention)
    : files_(files),
      path_(made(std::move(path))),
      lock_(path_),
      checkpoints_(files, path_ / checkpoints_folder, retention) {}

bool RunFolder::done() const {
    return fs::exists(path_ / done_name);
}

void RunFolder::open_record(checkpoint::TrainingState const& resumed, RunIdentity const& identity) {
    base::publish(files_, path_ / "config.toml", identity.config_toml);
    base::publish(files_, path_ / model_file, identity.model_toml);
    metrics_.emplace(
        path_ / "metrics.jsonl", resumed.step,
        resumed.validation_due ? MetricsLog::LastStep::training : MetricsLog::LastStep::whole);
    events_.emplace(files_, path_, seconds_since_epoch(), writer_name());
}

void RunFolder::record(std::int64_t step, std::string_view split, Metrics const& metrics) {
    metrics_->add(step, split, metrics);
    std::vector<report::Scalar> scalars;
    for (auto const& [name, value] : metrics) {
        scalars.push_back({fmt::format("{}/{}", split, name), static_cast<float>(value)});
    }
    events_->add(step, seconds_since_epoch(), scalars);
    if (split == "train") expose(step, metrics);
}

void RunFolder::record_ranks(std::span<std::string const> ranks) {
    replace("ranks.json", fmt::format("[{}]\n", fmt::join(ranks, ",\n ")));
}

void RunFolder::expose(std::int64_t step, Metrics const& metrics) {
    replace("metrics.prom", report::exposition(fs::absolute(path_).string(), "train", step, metrics,
                                               seconds_since_epoch()));
}

/// A file that anybody may look at in any moment, so renamed into place; not synced, as the next
/// step replaces it.
void RunFolder::replace(std::string const& name, std::string const& text) {
    auto const file = files_.create(path_ / (name + ".new"));
    file->write(std::as_bytes(std::span(text)));
    file->close();
    files_.rename(path_ / (name + ".new"), path_ / name);
}

void RunFolder::sync_record() {
    files_.sync_file(path_ / "metrics.jsonl");
}

// They are made from the whole record, which grows with the run: at most a fiftieth of the time.
void RunFolder::publish_pages_now_and_then(RunIdentity const& identity) {
    constexpr double share = 50;
    if (pages_ && pages_->seconds() < share * pages_took_) return;
    base::Stopwatch const watch;
    publish_pages(identity);
    pages_took_ = watch.seconds();
    pages_.emplace();
}

void RunFolder::publish_pages(RunIdentity const& identity) {
    auto const metrics = report::read_metrics(metrics_->text());
    auto const pages =
        report::run_page({.title = identity.title,
                          .facts = {{"run", base::printable(path_.string())},
                                    {"seconds a step", step_times(metrics, identity)}},
                          .metrics = metrics,
                          .config = identity.config_toml});
    base::publish(files_, path_ / "metrics.csv", metrics_->csv());
    base::publish(files_, path_ / "curves.svg", pages.curves);
    base::publish(files_, path_ / "report.html", pages.html);
}

void RunFolder::mark_done(std::int64_t step) {
    base::publish(files_, path_ / done_name, fmt::format("step {}\n", step));
}

}  // namespace tessera::train
