#pragma once

#include <functional>
#include <optional>

#include <c10/core/Event.h>
#include <c10/core/Stream.h>
#include <torch/types.h>

namespace tessera::device {

/// A place in the work that is queued on a device.
class Marker {
  public:
    /// Behind all that is queued on the current stream so far.
    explicit Marker(torch::Device device);

    /// True when the device has done all that lies before it; always on a CPU. Does not wait.
    bool passed() const;

  private:
    std::optional<c10::Event> event_;  // none: CPU
};

/// Work of a GPU beside its current stream: copies of the next batch, sums over ranks. On a CPU
/// everything is done at once, in the order of the calls.
class SideStream {
  public:
    enum class Priority { normal, high };

    explicit SideStream(torch::Device device, Priority priority = Priority::normal);

    torch::Device device() const { return device_; }

    /// What is queued here from now on waits for all that is queued on the current stream.
    void follow();

    /// Calls `work`; what it queues on the current stream of this thread goes here.
    void run(std::function<void()> const& work);

    /// What is queued on the current stream from now on waits for all that is queued here.
    void join();

    /// `tensor`, made here, is used on the current stream: its memory is not given away before that
    /// is done.
    void hand_over(at::Tensor const& tensor);

  private:
    torch::Device device_;
    std::optional<c10::Stream> stream_;  // none: CPU
};

}  // namespace tessera::device
