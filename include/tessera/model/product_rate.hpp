#pragma once

#include <torch/types.h>

namespace tessera::model {

/// Floating-point operations a second of the matrix products of a feed-forward layer on a device
/// with values of a type: the best of some, a fifth of a second of work on a CPU (with the threads
/// that are set), less on a GPU, whose pending work is waited for. On the CPU in float32 as the
/// model's own functions compute them, else as LibTorch does.
double product_rate(torch::Device device = torch::kCPU, at::ScalarType type = torch::kFloat);

}  // namespace tessera::model
