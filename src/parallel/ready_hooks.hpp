#pragma once

#include <functional>
#include <vector>

#include <torch/types.h>

namespace tessera::parallel {

/// While it lives, autograd calls `ready(entry)` each time it has added into the gradient of leaf
/// `entry`: once in a backward pass that reaches it, on the thread that runs that pass.
class ReadyHooks {
  public:
    using Ready = std::function<void(std::size_t entry)>;

    ReadyHooks(std::vector<at::Tensor> leaves, Ready const& ready);
    ~ReadyHooks();
    ReadyHooks(ReadyHooks const&) = delete;
    ReadyHooks& operator=(ReadyHooks const&) = delete;

  private:
    std::vector<at::Tensor> leaves_;  // those that have gradients
};

}  // namespace tessera::parallel
