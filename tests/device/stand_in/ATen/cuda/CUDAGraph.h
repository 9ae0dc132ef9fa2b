#pragma once
// Stands in for LibTorch's CUDA graph: just what src/device calls.

#include "../../cuda_runtime.h"

#include <c10/core/Allocator.h>

namespace at::cuda {

class CUDAGraph {
  public:
    void capture_begin(c10::MempoolId_t pool, cudaStreamCaptureMode mode);
    void capture_end();
    void replay();
};

}  // namespace at::cuda
