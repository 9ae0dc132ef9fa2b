#pragma once

#include "watch_report.hpp"

#include <cstdint>

#include <tessera/base/time.hpp>
#include <tessera/comm/activity.hpp>

namespace tessera::comm {

/// How long the main thread of this rank has stood, and the process been idle.
class Pulse {
  public:
    WatchReport report(Activity::Place const& place);

    /// The process itself was stopped: what it did not do meanwhile says nothing.
    void restart() { restarts_ = true; }

  private:
    std::uint64_t moves_ = 0;
    bool restarts_ = false;
    double used_ = 0;  // s of processor time
    base::Stopwatch stood_;
    base::Stopwatch idle_;
    base::Stopwatch tick_;
};

}  // namespace tessera::comm
