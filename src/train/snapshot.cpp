#include "snapshot.hpp"

#include <tessera/base/error.hpp>

namespace tessera::train {

std::vector<checkpoint::NamedTensor> weights_of(torch::nn::Module const& module) {
    std::vector<checkpoint::NamedTensor> tensors;
    for (auto const& item : module.named_parameters())
        tensors.push_back({item.key(), item.value().detach()});
    for (auto const& item : module.named_buffers()) tensors.push_back({item.key(), item.value()});
    return tensors;
}

std::vector<checkpoint::NamedTensor> weights_of(torch::nn::Module const& module,
                                                parallel::FlatParameters const& parameters) {
    std::vector<checkpoint::NamedTensor> tensors;
    for (auto const& entry : parameters.entries())
        tensors.push_back({entry.name, parallel::FlatParameters::view(parameters.values(), entry)});
    for (auto const& item : module.named_buffers()) tensors.push_back({item.key(), item.value()});
    return tensors;
}

std::vector<checkpoint::NamedTensor> moments_of(parallel::FlatParameters const& parameters,
                                                AdamW const& optimizer) {
    using parallel::FlatParameters;
    std::vector<checkpoint::NamedTensor> tensors;
    for (auto const& entry : parameters.entries()) {
        if (!entry.trainable) continue;
        tensors.push_back(
            {"exp_avg." + entry.name, FlatParameters::view(optimizer.first_moment(), entry)});
        tensors.push_back(
            {"exp_avg_sq." + entry.name, FlatParameters::view(optimizer.second_moment(), entry)});
    }
    return tensors;
}

void restore(checkpoint::SafetensorsFile const& file,
             std::vector<checkpoint::NamedTensor> const& places) {
    at::NoGradGuard const no_gradients;
    for (auto const& [name, tensor] : places) {
        if (tensor.is_cpu()) {
            file.read_into(name, tensor);
            continue;
        }
        auto const host = at::empty_like(tensor, at::kCPU);
        file.read_into(name, host);
        tensor.copy_(host);
    }
    base::validate(file.entries().size() == places.size(), base::ExitCode::bad_input,
                   "the checkpoint holds {} tensors, the model has {}: it is of another model",
                   file.entries().size(), places.size());
}

}  // namespace tessera::train
