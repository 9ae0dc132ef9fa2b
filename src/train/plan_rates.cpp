#include <array>
#include <string_view>

#include <torch/types.h>

#include <tessera/base/error.hpp>
#include <tessera/base/time.hpp>
#include <tessera/model/product_rate.hpp>
#include <tessera/train/plan.hpp>

namespace tessera::train {

namespace {

struct Known {
    std::string_view name;
    DeviceRates rates;
};

/// Half precision on tensor cores, memory, NVLink (bus rate of a sum over 8), from the makers' data
/// sheets; the shares are those that others publish for BERT (V100: NVIDIA 43 %, DeepSpeed 52 %).
constexpr std::array<Known, 3> gpus{{{"v100", {125e12, 0.40, 0.9e12, 125e9, 4}},
                                     {"a100", {312e12, 0.40, 1.55e12, 230e9, 4}},
                                     {"h100", {790e12, 0.35, 3.35e12, 350e9, 4}}}};

constexpr double cpu_share = 0.75;
constexpr double cpu_network = 2e9;  // bytes/s, within a node

/// Of what bare products reach on a GPU, which is less than its data sheet says.
constexpr double gpu_share_of_products = 0.5;

/// Bytes/s read and written; reading one value back waits for a GPU.
double copy_rate(torch::Device device) {
    auto const from = torch::zeros({std::int64_t{1} << 24}, device);
    auto const to = torch::zeros_like(from);
    to[0].item<float>();
    base::Stopwatch const clock;
    constexpr int times = 4;
    for (int i = 0; i < times; ++i) to.copy_(from);
    to[0].item<float>();
    return 2.0 * times * static_cast<double>(from.nbytes()) / clock.seconds();
}

}  // namespace

DeviceRates device_rates(PlanConfig const& config) {
    for (auto const& [name, known] : gpus) {
        if (name != config.device) continue;
        auto rates = known;
        if (config.tera_flops > 0) rates.flops = config.tera_flops * 1e12;
        return rates;
    }
    base::validate(config.device == "cpu", base::ExitCode::usage,
                   "'{}' is no device: cpu, v100, a100 or h100", config.device);
    auto const flops = config.tera_flops > 0 ? config.tera_flops * 1e12 : model::product_rate();
    return {.flops = flops,
            .share = cpu_share,
            .memory_rate = copy_rate(torch::kCPU),
            .network_rate = cpu_network};
}

DeviceRates measured_rates(torch::Device device, at::ScalarType type) {
    auto const cpu = device.is_cpu();
    return {.flops = model::product_rate(device, type),
            .share = cpu ? cpu_share : gpu_share_of_products,
            .memory_rate = copy_rate(device),
            .network_rate = cpu ? cpu_network : gpus.front().rates.network_rate};
}

}  // namespace tessera::train
