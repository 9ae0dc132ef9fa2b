#pragma once

#include <string>
#include <vector>

#include <tessera/doctor/finding.hpp>

namespace tessera::doctor {

struct LaunchFacts {
    int announced = 1;  ///< processes that the launcher says it started
    int size = 1;       ///< ranks that MPI knows
    std::string library;
    std::string standard;
};

/// Do the processes of the launch see each other?
Findings judge_launch(LaunchFacts const& facts);

/// What must be the same on every rank (programs, MPI library): `values` by rank.
Findings judge_same(std::string const& check, std::string const& what,
                    std::vector<std::string> const& values, std::string const& remedy);

}  // namespace tessera::doctor
