#pragma once

#include <cstdint>

#include <torch/nn/module.h>

namespace tessera::model {

/// Fills all parameters as BERT does: norms 1 and 0, biases 0, the rest normal with deviation
/// `deviation`. Each is a pure function of (seed, its name): the order of construction, the heads
/// beside it and the number of ranks change nothing.
void initialise(torch::nn::Module& model, std::uint64_t seed, double deviation = 0.02);

/// Fills all parameters as LibTorch's own layers do: weights and biases uniform within 1 / sqrt of
/// the inputs of a unit (He 2015 with slope sqrt 5), norms 1 and 0. The same function of (seed,
/// name).
void initialise_by_inputs(torch::nn::Module& model, std::uint64_t seed);

}  // namespace tessera::model
