#include "launch.hpp"

#include <fmt/format.h>

namespace tessera::doctor {

Findings judge_launch(LaunchFacts const& facts) {
    if (facts.announced > 1 && facts.size == 1) {
        return {{"mpi", Level::fault,
                 fmt::format("started as one of {} processes, but MPI ({}) sees this one alone",
                             facts.announced, facts.library),
                 "launch with `srun --mpi=pmix`, or with the mpirun of that MPI; in a container: "
                 "the same major version of PMIx inside and outside"}};
    }
    return {{"mpi", Level::fine,
             fmt::format("{} ranks, {} (MPI {})", facts.size, facts.library, facts.standard), ""}};
}

Findings judge_same(std::string const& check, std::string const& what,
                    std::vector<std::string> const& values, std::string const& remedy) {
    for (std::size_t rank = 1; rank < values.size(); ++rank) {
        if (values[rank] == values[0]) continue;
        return {{check, Level::fault,
                 fmt::format("{} differs: '{}' on rank 0, '{}' on rank {}", what, values[0],
                             values[rank], rank),
                 remedy}};
    }
    return {{check, Level::fine, fmt::format("{} {}", what, values.at(0)), ""}};
}

}  // namespace tessera::doctor
