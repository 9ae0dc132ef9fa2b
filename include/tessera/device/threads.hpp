#pragma once

#include <cstdint>

#include <tessera/comm/communicator.hpp>

namespace tessera::device {

/// Sets LibTorch's threads for this rank; call it before the first tensor. `wanted` 0: what
/// OMP_NUM_THREADS says, else the processors this rank may run on, divided among the ranks that
/// share them. Collective.
void set_threads(comm::Communicator const& comm, std::int64_t wanted);

}  // namespace tessera::device
