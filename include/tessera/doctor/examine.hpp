#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <tessera/base/options.hpp>
#include <tessera/comm/communicator.hpp>
#include <tessera/doctor/finding.hpp>

namespace tessera::doctor {

struct DoctorConfig {
    std::filesystem::path folder = ".";    ///< where the job will write
    std::uint64_t need_bytes = 1U << 30U;  ///< free space that the job wants there
    std::string device = "auto";           ///< train.device of the job; cpu: it trains nothing
    std::int64_t limit_seconds = 120;  ///< a check that hangs for longer is named and ends it all
    bool links = true;                 ///< measure latency and bandwidth between the ranks
};

void describe(base::OptionTable& options, DoctorConfig& config);

/// Latency and bandwidth between two ranks, measured while all other ranks talked in pairs too.
struct Link {
    int first = 0;
    int second = 0;
    double latency = 0;    ///< s, half of the shortest round trip of 4 bytes
    double bandwidth = 0;  ///< bytes/s in each direction, both at once, best of some

    bool operator==(Link const&) const = default;
};

struct Examination {
    Findings
        findings;  ///< equal ones of several ranks are one, led by who has it; clocks: root alone
    std::vector<Link> links;

    bool ok() const;  ///< no fault among the findings
};

/// Looks at this node and at what lies between the ranks; every rank calls it and gets all
/// findings, the root those of the clocks too. `announced` is the number of processes that the
/// launcher says it started. A check that hangs beyond the limit is named on standard error and
/// ends the process with exit code 4.
Examination examine(comm::Communicator const& comm, DoctorConfig const& config, int announced);

}  // namespace tessera::doctor
