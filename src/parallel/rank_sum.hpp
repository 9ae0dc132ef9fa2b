#pragma once

#include <memory>

#include <torch/types.h>

#include <tessera/comm/communicator.hpp>
#include <tessera/device/device_collectives.hpp>
#include <tessera/parallel/gradient_reducer.hpp>

namespace tessera::parallel {

/// Sums parts of the gradients over ranks, in place. Every rank starts the same parts in the same
/// order.
class RankSum {
  public:
    virtual ~RankSum() = default;

    /// `part` [n] float32 is complete on this rank, by what is queued on the current stream; nobody
    /// writes to it before `finish` has returned.
    virtual void start(at::Tensor const& part) = 0;

    /// All parts are summed, for what is queued on the current stream from here on. Rethrows what a
    /// sum threw.
    virtual void finish() = 0;
};

/// Over MPI, in `start` or, overlapped, on a thread of its own: between a `start` and `finish` no
/// other thread of this rank may speak over MPI.
std::unique_ptr<RankSum> make_host_sum(comm::Communicator const& comm, Reduction reduction,
                                       Overlap overlap);

/// Over NCCL on a stream of its own. `collectives` outlives it.
std::unique_ptr<RankSum> make_device_sum(device::DeviceCollectives& collectives,
                                         torch::Device device);

}  // namespace tessera::parallel
