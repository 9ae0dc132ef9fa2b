#pragma once

#include <optional>
#include <string>

#include <tessera/parallel/flat_parameters.hpp>

namespace tessera::train {

/// [] float32, 2-norm of all gradients; NaN or Inf when one of them is.
at::Tensor gradient_norm(parallel::FlatParameters const& parameters);

/// [] what gradients are divided by so that their norm is at most `largest` (Pascanu 2013);
/// `largest` 0: never clipped.
at::Tensor clip_divisor(at::Tensor const& norm, double largest);

/// Name of the first parameter whose gradient holds a NaN or Inf.
std::optional<std::string> first_not_finite(parallel::FlatParameters const& parameters);

}  // namespace tessera::train
