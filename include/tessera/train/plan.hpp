#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <torch/types.h>

#include <tessera/base/options.hpp>
#include <tessera/train/pretrain.hpp>

namespace tessera::train {

/// What trains: one rank a device.
struct PlanConfig {
    std::string device = "cpu";
    std::int64_t gpus = 1;  ///< devices; on CPUs: ranks
    double tera_flops = 0;  ///< rate of matrix products of one device; 0: known or measured
    double store_fill = 1;  ///< share of a sequence that is no padding (pretrain prints it)
};

/// The settings as options of section "plan".
void describe(base::OptionTable& options, PlanConfig& config);

/// How fast a device is; those of GPUs are data-sheet values, not measurements.
struct DeviceRates {
    double flops = 0;           ///< of matrix products, 1/s
    double share = 0;           ///< of that rate a whole step reaches
    double memory_rate = 0;     ///< bytes/s
    double network_rate = 0;    ///< bytes/s at which a sum over ranks moves gradients
    double gradient_bytes = 4;  ///< a parameter, on the wire
};

/// Rates of a device by name; "cpu" is measured on this one for a second, with the threads that are
/// set. Error(usage) for an unknown name.
DeviceRates device_rates(PlanConfig const& config);

/// Rates of the device that this process computes on, measured for a second.
DeviceRates measured_rates(torch::Device device, at::ScalarType type);

struct MemoryPart {
    std::string name;
    double bytes = 0;
};

/// The bill of a pre-training run, before a job is queued.
struct Plan {
    std::int64_t parameters = 0;
    double sequences = 0;         ///< over all steps
    double tokens = 0;            ///< of these, padding left out
    double flops_per_step = 0;    ///< of matrix products, forward and backward; with padding where
                                  ///< it is computed (GPUs)
    double seconds_per_step = 0;  ///< of these: compute, update, sum over ranks
    double update_seconds = 0;
    double reduce_seconds = 0;
    double hours = 0;
    std::vector<MemoryPart> memory;  ///< of rank 0, the largest
    double checkpoint_bytes = 0;
    double storage_bytes = 0;  ///< of all checkpoints that are kept at once
};
Plan make_plan(PretrainConfig const& config, PlanConfig const& plan, DeviceRates const& rates);

/// Numbers that are trained.
std::int64_t parameter_count(model::BertConfig const& config);

/// Floating-point operations of matrix products for one sequence of `tokens` ids of which `masked`
/// are predicted: 6 for each weight and token (2 forward, 4 backward), and attention; the last
/// layer gives the rows that heads read alone. GPUs do about 1 % more, as their shapes are
/// constant.
double sequence_flops(model::BertConfig const& config, double tokens, double masked);

/// Bytes at the peak of a training step on the host, by part. Of a micro-batch of `sequences`:
/// rows = tokens, padding left out where it is not computed, of which `masked` are predicted.
std::vector<MemoryPart> step_memory(model::BertConfig const& config, double sequences, double rows,
                                    double masked);

double total(std::vector<MemoryPart> const& parts);

}  // namespace tessera::train
