#pragma once

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

}  // namespace tessera::model
