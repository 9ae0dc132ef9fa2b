#pragma once

#include <cstdint>

#include <torch/torch.h>

namespace tessera::model {

/// Fills all parameters as BERT does: norms 1 and 0, biases 0, the rest normal with deviation
/// `deviation`. Each is a pure function of (seed, its name): the order of construction, the heads
/// beside it and the number of ranks change nothing.
void initialise(torch::nn::Module& model, std::uint64_t seed, double deviation = 0.02);

}  // namespace tessera::model
