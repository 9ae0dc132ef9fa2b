#pragma once

#include <functional>
#include <memory>

#include <torch/types.h>

namespace tessera::device {

/// Work of a device that is recorded once and queued again by one call each time (a CUDA graph):
/// for a small model, launching hundreds of kernels takes longer than they run.
class WorkGraph {
  public:
    virtual ~WorkGraph() = default;

    /// Records what `work` queues on the current stream; nothing of it runs. It must not wait for
    /// the device; memory that it takes belongs to the graph. c10::Error when the device cannot
    /// record it; what `work` throws goes through. Either way there is nothing to replay then.
    virtual void record(std::function<void()> const& work) = 0;

    /// Queues on the current stream what was recorded: it reads and writes the same addresses, and
    /// draws from the generator of the device as that is now.
    virtual void replay() = 0;
};

/// Null for devices that record nothing: CPUs, and GPUs of a program built without CUDA.
std::unique_ptr<WorkGraph> make_work_graph(torch::Device device);

}  // namespace tessera::device
