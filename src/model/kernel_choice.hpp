#pragma once

#include <optional>

namespace tessera::model {

/// While it lives, models on this thread compute by LibTorch's operators alone if `on`, on the host
/// as on a GPU. It decides in forward passes; a backward pass follows its forward pass.
class LibraryKernels {
  public:
    explicit LibraryKernels(bool on);
    ~LibraryKernels();
    LibraryKernels(LibraryKernels const&) = delete;
    LibraryKernels& operator=(LibraryKernels const&) = delete;

    static bool in_force();

  private:
    bool before_;
};

/// While it lives, large products of float32 matrices run in oneDNN on this thread if `on`, else in
/// LibTorch's BLAS; without it, in the one that is faster on this processor (see products.hpp).
class OneDnn {
  public:
    explicit OneDnn(bool on);
    ~OneDnn();
    OneDnn(OneDnn const&) = delete;
    OneDnn& operator=(OneDnn const&) = delete;

    static bool in_force();

  private:
    std::optional<bool> before_;
};

}  // namespace tessera::model
