#pragma once

#include <string>
#include <string_view>

#include <torch/types.h>

#include <tessera/comm/communicator.hpp>

namespace tessera::train {

/// The type of activations and of the weights that products see: fp32, bf16, fp16. Error(usage) for
/// any other word.
at::ScalarType compute_type(std::string_view precision);

/// Measures matrix products of each type on all GPUs and names the one to train with: a half type
/// where it gains a fifth on float32, bf16 where fp16 is no faster by a tenth. Logs the rates. On
/// CPUs it is float32 unmeasured: their rates lie so close that the time of day would decide, and
/// equal seeds would no longer give equal bits. Collective; the same answer on every rank.
std::string measured_precision(comm::Communicator const& comm, torch::Device device);

/// The choice itself, from rates of products; for tests.
struct ProductRates {
    double fp32 = 0;
    double bf16 = 0;
    double fp16 = 0;
};
std::string fastest_precision(ProductRates const& rates);

}  // namespace tessera::train
