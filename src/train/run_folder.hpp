#pragma once

#include "metrics_log.hpp"
#include "run_identity.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <tessera/base/files.hpp>
#include <tessera/checkpoint/checkpoints.hpp>
#include <tessera/comm/communicator.hpp>
#include <tessera/comm/watchdog.hpp>
#include <tessera/report/event_log.hpp>
#include <tessera/train/loop_config.hpp>

namespace tessera::train {

/// Names in a run's folder.
inline constexpr auto checkpoints_folder = "checkpoints";
inline constexpr auto model_file = "model.toml";

/// Keeps this rank's log lines in RUN/log.rankK.txt too, from here on.
void keep_log(comm::Communicator const& comm, std::filesystem::path const& run);

/// How the ranks of a run are watched; where each stood when one was lost goes to RUN/lost.txt.
comm::WatchdogConfig watched(LoopConfig const& config);

/// The folder of a run, held by the root rank: config.toml, model.toml, metrics.jsonl, metrics.csv,
/// metrics.prom, ranks.json, TensorBoard events, checkpoints/, curves.svg and report.html, and DONE
/// when all steps are done.
class RunFolder {
  public:
    /// Makes or enters the folder and locks it; Error(usage) names who holds it.
    RunFolder(base::FileSystem& files, std::filesystem::path path,
              checkpoint::Retention const& retention);

    /// True when all steps of the run in it are done.
    bool done() const;

    /// Opens the record for a start that goes on from `resumed`.
    void open_record(checkpoint::TrainingState const& resumed, RunIdentity const& identity);

    void record(std::int64_t step, std::string_view split, Metrics const& metrics);

    /// ranks.json: a report::RankState of each rank, as JSON, rank 0 first.
    void record_ranks(std::span<std::string const> ranks);

    /// The record so far is on the device.
    void sync_record();

    /// metrics.csv, curves.svg and report.html from the record so far.
    void publish_pages(RunIdentity const& identity);

    /// The same, unless that was done a short while ago.
    void publish_pages_now_and_then(RunIdentity const& identity);

    void mark_done(std::int64_t step);

    checkpoint::Checkpoints& checkpoints() { return checkpoints_; }
    std::filesystem::path const& path() const { return path_; }

  private:
    void expose(std::int64_t step, Metrics const& metrics);
    void replace(std::string const& name, std::string const& text);

    base::FileSystem& files_;
    std::filesystem::path path_;
    base::FolderLock lock_;
    checkpoint::Checkpoints checkpoints_;
    std::optional<MetricsLog> metrics_;
    std::optional<report::EventLog> events_;
    std::optional<base::Stopwatch> pages_;  // since they were published
    double pages_took_ = 0;                 // s
};

}  // namespace tessera::train
