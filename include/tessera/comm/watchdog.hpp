#pragma once

#include <filesystem>
#include <memory>

#include <tessera/comm/communicator.hpp>

namespace tessera::comm {

struct WatchdogConfig {
    double limit = 30;    ///< s without a sign of life after which a rank counts as lost; 0: off
    double interval = 1;  ///< s between two signs of life
    std::filesystem::path report;  ///< file for where each rank stood; empty: none
};

/// Ends a job whose ranks no longer move, by name. A thread on every rank tells rank 0 once an
/// interval where its main thread stands (see Activity), over a TCP connection of its own, since
/// the main thread may hang in MPI. Rank 0 answers. Lost is a rank
/// - that ended without a word, or sends nothing for `limit` (stopped, or its node is gone);
/// - that stands still outside every collective for `limit` without using its processor, or for ten
///   times that while using it or waiting for a disk: one piece of work may be long;
/// - that is behind when all wait in collectives for `limit`.
/// Then the line that names it is logged, `report` is written, and all ranks end with exit code 1.
/// A single process is not watched.
class Watchdog {
  public:
    /// Collective, but nobody waits for a late rank, so one that never comes is named too: make it
    /// first of all. A rank that cannot reach rank 0 within `limit` ends the job.
    Watchdog(Communicator const& comm, WatchdogConfig config);

    /// Says goodbye: from here on nobody minds that this rank is silent.
    ~Watchdog();
    Watchdog(Watchdog const&) = delete;
    Watchdog& operator=(Watchdog const&) = delete;

  private:
    class Thread;
    std::unique_ptr<Thread> thread_;  // null: nothing to watch
};

}  // namespace tessera::comm
