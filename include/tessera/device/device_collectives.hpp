#pragma once

#include <chrono>
#include <memory>

#include <torch/types.h>

#include <tessera/comm/communicator.hpp>

namespace tessera::device {

/// Collectives between GPUs, one GPU a rank. Every rank makes the same calls in the same order.
/// Calls queue work on the current stream of the device and return; errors of the network come out
/// of `check`.
class DeviceCollectives {
  public:
    virtual ~DeviceCollectives() = default;

    /// Sum over ranks, in place; a contiguous float32, float16 or bfloat16 tensor on this rank's
    /// GPU.
    virtual void all_reduce(at::Tensor const& tensor) = 0;

    /// The root's values on every rank, in place; any contiguous tensor on this rank's GPU.
    virtual void broadcast(at::Tensor const& tensor, int root) = 0;

    /// Error(failed) once the library has seen a lost peer or a network fault.
    virtual void check() = 0;

    /// Ends all pending calls on this rank; for a watchdog, from any thread.
    virtual void abort() noexcept = 0;
};

/// NCCL between the ranks of `comm` on GPU `device` of this node: the id goes out by
/// comm::broadcast, the set-up is polled and given up after `limit`. Error(environment) when the
/// program was built without CUDA, when two ranks share a GPU, or when the set-up fails.
/// Collective.
std::unique_ptr<DeviceCollectives> make_device_collectives(comm::Communicator const& comm,
                                                           int device, std::chrono::seconds limit);

}  // namespace tessera::device
