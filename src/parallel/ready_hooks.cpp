#include "ready_hooks.hpp"

#include <memory>
#include <utility>

#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

namespace tessera::parallel {

namespace {

class Hook final : public torch::autograd::PostAccumulateGradHook {
  public:
    Hook(std::size_t entry, ReadyHooks::Ready ready) : entry_(entry), ready_(std::move(ready)) {}
    void operator()(at::Tensor const&) override { ready_(entry_); }

  private:
    std::size_t entry_;
    ReadyHooks::Ready ready_;
};

}  // namespace

ReadyHooks::ReadyHooks(std::vector<at::Tensor> leaves, Ready const& ready)
    : leaves_(std::move(leaves)) {
    for (std::size_t entry = 0; entry < leaves_.size(); ++entry) {
        if (!leaves_[entry].requires_grad()) continue;
        torch::autograd::impl::set_post_acc_grad_hooks(leaves_[entry],
                                                       std::make_unique<Hook>(entry, ready));
    }
}

ReadyHooks::~ReadyHooks() {
    for (auto const& leaf : leaves_) {
        if (leaf.requires_grad()) torch::autograd::impl::set_post_acc_grad_hooks(leaf, nullptr);
    }
}

}  // namespace tessera::parallel
