#pragma once
// Stands in for LibTorch's current CUDA stream.

#include "../../cuda_runtime.h"

#include <c10/core/Device.h>

namespace c10::cuda {

struct CUDAStream {
    cudaStream_t stream() const;
};
CUDAStream getCurrentCUDAStream(c10::DeviceIndex device);

}  // namespace c10::cuda
