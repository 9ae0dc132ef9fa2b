#pragma once

#include <optional>
#include <string>

#include <tessera/comm/communicator.hpp>
#include <tessera/device/device_collectives.hpp>
#include <tessera/parallel/flat_parameters.hpp>

namespace tessera::train {

/// [] float32, 2-norm of all gradients; NaN or Inf when one of them is. The root's on every rank:
/// processors of different makes round the same sum differently, and weights that are scaled by
/// different norms drift apart. `between_gpus` null: by way of the host. Collective.
at::Tensor gradient_norm(comm::Communicator const& comm, parallel::FlatParameters const& parameters,
                         device::DeviceCollectives* between_gpus);

/// [] what gradients are divided by so that their norm is at most `largest` (Pascanu 2013);
/// `largest` 0: never clipped.
at::Tensor clip_divisor(at::Tensor const& norm, double largest);

/// Name of the first parameter whose gradient holds a NaN or Inf.
std::optional<std::string> first_not_finite(parallel::FlatParameters const& parameters);

}  // namespace tessera::train
