#pragma once

#include <torch/types.h>

namespace tessera::model {

/// onto [R, C] = x [C, R] turned over; both float32 on the host, rows one after the other. By all
/// threads, where LibTorch's copy works on one: 8 % of a small model's step on two processors.
void copy_turned(torch::Tensor const& onto, torch::Tensor const& x);

/// x [C, R] turned over. [R, C]
torch::Tensor turned(torch::Tensor const& x);

}  // namespace tessera::model
