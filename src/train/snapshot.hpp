#pragma once

#include "adamw.hpp"

#include <vector>

#include <torch/nn/module.h>

#include <tessera/checkpoint/checkpoints.hpp>
#include <tessera/parallel/flat_parameters.hpp>

namespace tessera::train {

/// Parameters and buffers of a module by name; views, not copies.
std::vector<checkpoint::NamedTensor> weights_of(torch::nn::Module const& module);

/// The same with the master weights in `parameters` in place of what the module computes with.
std::vector<checkpoint::NamedTensor> weights_of(torch::nn::Module const& module,
                                                parallel::FlatParameters const& parameters);

/// Both moments of every trained parameter: "exp_avg.NAME" and "exp_avg_sq.NAME"; views.
std::vector<checkpoint::NamedTensor> moments_of(parallel::FlatParameters const& parameters,
                                                AdamW const& optimizer);

/// Copies every tensor of the file into `places`, on any device; Error(bad_input) when one is
/// missing, of another shape, or left over.
void restore(checkpoint::SafetensorsFile const& file,
             std::vector<checkpoint::NamedTensor> const& places);

}  // namespace tessera::train
