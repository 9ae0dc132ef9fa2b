#include "gradient_norm.hpp"

#include <torch/types.h>

#include <tessera/parallel/replicate.hpp>

namespace tessera::train {

at::Tensor gradient_norm(comm::Communicator const& comm, parallel::FlatParameters const& parameters,
                         device::DeviceCollectives* between_gpus) {
    auto const norm = at::linalg_vector_norm(parameters.gradients());
    if (between_gpus != nullptr) {
        between_gpus->broadcast(norm, 0);
    } else {
        parallel::replicate(comm, norm);
    }
    return norm;
}

at::Tensor clip_divisor(at::Tensor const& norm, double largest) {
    return largest > 0 ? (norm / largest).clamp_min(1) : at::ones_like(norm);
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
