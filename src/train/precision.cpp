#include "precision.hpp"

#include <algorithm>

#include <tessera/base/error.hpp>
#include <tessera/base/log.hpp>
#include <tessera/model/product_rate.hpp>

namespace tessera::train {

namespace {

double rate(comm::Communicator const& comm, torch::Device device, at::ScalarType type) {
    return comm::all_reduce(comm, model::product_rate(device, type), comm::Op::sum);
}

}  // namespace

at::ScalarType compute_type(std::string_view precision) {
    if (precision == "fp32") return at::kFloat;
    if (precision == "bf16") return at::kBFloat16;
    base::validate(precision == "fp16", base::ExitCode::usage,
                   "'{}' is no precision: auto, fp32, bf16 or fp16", precision);
    return at::kHalf;
}

std::string fastest_precision(ProductRates const& rates) {
    constexpr double worth = 1.2;  // what a half type has to gain
    auto const half = std::max(rates.bf16, rates.fp16);
    if (half < worth * rates.fp32) return "fp32";
    return rates.fp16 > 1.1 * rates.bf16 ? "fp16" : "bf16";
}

std::string measured_precision(comm::Communicator const& comm, torch::Device device) {
    if (device.is_cpu()) return "fp32";
    ProductRates const rates{.fp32 = rate(comm, device, at::kFloat),
                             .bf16 = rate(comm, device, at::kBFloat16),
                             .fp16 = rate(comm, device, at::kHalf)};
    auto const chosen = fastest_precision(rates);
    if (comm.is_root()) {
        base::log_info(
            "precision {}: matrix products on {} reach {:.3g} TFLOP/s in fp32, {:.3g} in "
            "bf16, {:.3g} in fp16",
            chosen, device.str(), rates.fp32 * 1e-12, rates.bf16 * 1e-12, rates.fp16 * 1e-12);
    }
    return chosen;
}

}  // namespace tessera::train
