#pragma once

#include "bench.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace tessera::apps {

/// What the runs of one side said of their steps.
struct StepTimes {
    std::vector<double> seconds;
    std::vector<double> loading_seconds;  ///< of a step's batches alone, where they were measured
    double peak_bytes = 0;                ///< of the last run
    double planned_bytes = 0;             ///< by tessera plan, where the program says it
};

struct StepRuns {
    StepTimes ours;
    StepTimes peer;
};

/// Runs two programs in turn that print {"seconds": [..], "peak_memory_bytes": ..}. Both keep freed
/// memory: ours by mallopt, the peer through its environment. Error(failed) when one fails.
StepRuns run_steps(std::vector<std::string> const& ours, std::vector<std::string> const& peer,
                   std::int64_t runs);

/// Threads of both sides: as asked for, else all processors.
int threads_of(BenchConfig const& config);

/// A program and further words of its command line.
std::vector<std::string> joined(std::vector<std::string> program,
                                std::vector<std::string> const& words);

}  // namespace tessera::apps
