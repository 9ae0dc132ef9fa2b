#pragma once
// Stands in for LibTorch's guard of the current CUDA stream.

#include "CUDAStream.h"

namespace c10::cuda {

class CUDAStreamGuard {
  public:
    explicit CUDAStreamGuard(CUDAStream stream);
    ~CUDAStreamGuard();
    CUDAStreamGuard(CUDAStreamGuard const&) = delete;
    CUDAStreamGuard& operator=(CUDAStreamGuard const&) = delete;
};

}  // namespace c10::cuda
