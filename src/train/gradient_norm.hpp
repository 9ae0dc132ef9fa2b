#pragma once

#include <optional>
#include <string>

#include <tessera/parallel/flat_parameters.hpp>

namespace tessera::train {

/// 2-norm of all gradients; NaN or Inf when one of them is.
double gradient_norm(parallel::FlatParameters const& parameters);

/// What gradients are divided by so that their norm is at most `largest` (Pascanu 2013);
/// `largest` 0: never clipped.
double clip_divisor(double norm, double largest);

/// Name of the first parameter whose gradient holds a NaN or Inf.
std::optional<std::string> first_not_finite(parallel::FlatParameters const& parameters);

}  // namespace tessera::train
