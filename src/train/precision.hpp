#pragma once

#include <string>
#include <string_view>

#include <torch/torch.h>

#include <tessera/comm/communicator.hpp>

namespace tessera::train {

/// The type of activations and of the weights that products see: fp32, bf16, fp16. Error(usage) for
/// any other word.
at::ScalarType compute_type(std::string_view precision);

/// Measures matrix products of each type on all ranks and names the one to train with: a half type
/// where it is at least `worth` as fast as float32, bf16 where fp16 is no faster by a tenth. On a
/// CPU fp16 is not asked for, and half types have to make good for what the model's own functions
/// save in float32. Logs the rates. Collective; the same answer on every rank.
std::string measured_precision(comm::Communicator const& comm, torch::Device device);

/// The choice itself, from rates of products; for tests.
struct ProductRates {
    double fp32 = 0;
    double bf16 = 0;
    double fp16 = 0;  ///< 0: not asked for
};
std::string fastest_precision(ProductRates const& rates, double worth);

}  // namespace tessera::train
