#pragma once

#include <span>

#include <tessera/comm/communicator.hpp>

namespace tessera::parallel {

/// Sums `values` over a power of two of ranks as ((r0+r1)+(r2+r3))+.., element by element, on every
/// rank: MPI leaves the order of a sum open, and with it the last bits. Collective.
void tree_sum(comm::Communicator const& comm, std::span<float> values);

}  // namespace tessera::parallel
