#pragma once

#include <atomic>
#include <functional>
#include <future>
#include <vector>

#include <tessera/checkpoint/checkpoints.hpp>

namespace tessera::train {

/// Writes one checkpoint at a time on a thread of its own, so that training waits for a copy in
/// memory and not for the disk.
class BackgroundSave {
  public:
    BackgroundSave() = default;
    ~BackgroundSave();  // waits for the one in flight; an error that nobody asked for is logged
    BackgroundSave(BackgroundSave const&) = delete;
    BackgroundSave& operator=(BackgroundSave const&) = delete;

    /// Waits for the one in flight, then runs `write` on the thread.
    void start(std::function<void()> write);

    /// Returns when nothing is in flight; throws what `write` threw, once.
    void wait();

    /// True when the last one has ended in an error that `wait` would throw; does not wait.
    bool failed() const { return failed_.load(); }

  private:
    std::atomic<bool> failed_{false};
    std::future<void> running_;
};

/// The tensors with values of their own on the host, as they are now.
std::vector<checkpoint::NamedTensor> copied(std::vector<checkpoint::NamedTensor> tensors);

}  // namespace tessera::train
