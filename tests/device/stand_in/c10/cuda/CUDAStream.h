#pragma once
// Stands in for LibTorch's CUDA streams.

#include "../../cuda_runtime.h"

#include <c10/core/Device.h>

namespace c10::cuda {

struct CUDAStream {
    cudaStream_t stream() const;
    void synchronize() const;
};
CUDAStream getCurrentCUDAStream(c10::DeviceIndex device);
CUDAStream getStreamFromPool(bool isHighPriority, c10::DeviceIndex device);

}  // namespace c10::cuda
