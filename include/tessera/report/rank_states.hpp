#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tessera/report/table.hpp>

namespace tessera::report {

/// How one rank of a run stood when the newest line of metrics was written. The rank that waits
/// least for the others is the one they wait for.
struct RankState {
    std::string host;
    std::int64_t step = 0;
    double sequences_per_second = 0;  ///< of this rank alone
    double data_stall = 0;            ///< share of the time spent waiting for data
    double rank_stall = 0;            ///< share of the time spent exchanging and waiting for ranks
    std::uint64_t peak_memory = 0;    ///< bytes
};

/// One JSON object, on one line.
std::string to_json(RankState const& state);

/// The objects of ranks.json, rank 0 first. Error(bad_input) names the entry that is none.
std::vector<RankState> read_rank_states(std::string_view json);

/// A row a rank; more than `most` ranks: those that the others wait for, worst first.
Table rank_table(std::vector<RankState> const& ranks, std::size_t most);

}  // namespace tessera::report
