#pragma once

#include <string>
#include <vector>

#include <tessera/comm/communicator.hpp>
#include <tessera/doctor/examine.hpp>

namespace tessera::doctor {

/// Latency and bandwidth of each pair of ranks, on every rank. All ranks call it.
/// Rounds of disjoint pairs, so that n ranks take n - 1 rounds (the circle method of tournaments);
/// beyond `most_rounds` the later rounds are left out: each rank then met so many others.
std::vector<Link> measure_links(comm::Communicator const& comm);

/// The partner of `rank` in `round` among `ranks`; -1: it pauses. Every pair meets once in
/// rounds 0 .. ranks - 2 (ranks - 1 when odd).
int partner(int rank, int round, int ranks);

/// `hosts` by rank.
Findings judge_links(std::vector<Link> const& links, std::vector<std::string> const& hosts);

/// Seconds by which each rank's clock is ahead of the root's, on the root, and how far that can be
/// wrong (half of the shortest round trip).
struct ClockSkew {
    double ahead = 0;
    double error = 0;
};
std::vector<ClockSkew> measure_clocks(comm::Communicator const& comm);
Findings judge_clocks(std::vector<ClockSkew> const& skews, std::vector<std::string> const& hosts);

}  // namespace tessera::doctor
