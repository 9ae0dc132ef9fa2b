#include "gradient_norm.hpp"

#include <torch/torch.h>

namespace tessera::train {

double gradient_norm(parallel::FlatParameters const& parameters) {
    return at::linalg_vector_norm(parameters.gradients()).item<double>();
}

double clip_divisor(double norm, double largest) {
    return largest > 0 && norm > largest ? norm / largest : 1;
}

std::optional<std::string> first_not_finite(parallel::FlatParameters const& parameters) {
    for (auto const& entry : parameters.entries()) {
        if (!entry.trainable) continue;
        auto const gradient = parallel::FlatParameters::view(parameters.gradients(), entry);
        if (!gradient.isfinite().all().item<bool>()) return entry.name;
    }
    return std::nullopt;
}

}  // namespace tessera::train
