#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tessera::apps {

/// One finished program, as the operating system accounts for it.
struct TimedRun {
    double wall = 0;  ///< s
    double cpu = 0;   ///< s, user and system, children included
    std::uint64_t peak_bytes = 0;
    int exit_code = 0;
    std::string output;  ///< standard output, up to 1 MiB
};

/// Runs a program (argv[0] is looked up on the PATH, no shell) and waits for it.
TimedRun run_timed(std::vector<std::string> const& command);

/// Runs of two programs in turn, A B A B .., so that a drift of the machine's speed hits both.
struct PairedRuns {
    std::vector<TimedRun> ours;
    std::vector<TimedRun> peer;
};
PairedRuns run_paired(std::vector<std::string> const& ours, std::vector<std::string> const& peer,
                      int runs);

double median(std::vector<double> values);

}  // namespace tessera::apps
