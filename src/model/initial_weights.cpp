#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <ATen/CPUGeneratorImpl.h>
#include <torch/utils.h>

#include <tessera/base/hash.hpp>
#include <tessera/base/random.hpp>
#include <tessera/model/initial_weights.hpp>

namespace tessera::model {
namespace {

at::Generator generator_for(std::string_view name, std::uint64_t seed) {
    auto const bytes = std::as_bytes(std::span(name));
    auto stream = base::RandomStream(seed, base::Purpose::weights, 0, base::hash64(bytes, 0));
    return at::detail::createCPUGenerator(stream.next_u64());
}

void fill(torch::Tensor& parameter, std::string_view name, std::uint64_t seed, double deviation) {
    if (name.ends_with("bias")) {
        parameter.zero_();
    } else if (name.ends_with("norm.weight")) {
        parameter.fill_(1.0);
    } else {
        auto const values = torch::empty(parameter.sizes(), torch::kFloat);
        parameter.copy_(values.normal_(0.0, deviation, generator_for(name, seed)));
    }
}

/// Inputs of one unit of the layer that a parameter `name` belongs to; none for a norm.
std::optional<std::int64_t> inputs_of(
    torch::OrderedDict<std::string, torch::Tensor> const& parameters, std::string const& name) {
    auto const dot = name.rfind('.');
    auto const* weight = parameters.find(name.substr(0, dot + 1) + "weight");
    auto const& tensor = weight == nullptr ? parameters[name] : *weight;
    if (tensor.dim() < 2) return std::nullopt;
    return tensor[0].numel();
}

}  // namespace

void initialise(torch::nn::Module& model, std::uint64_t seed, double deviation) {
    torch::NoGradGuard const no_gradient;
    for (auto& parameter : model.named_parameters()) {
        fill(parameter.value(), parameter.key(), seed, deviation);
    }
}

void initialise_by_inputs(torch::nn::Module& model, std::uint64_t seed) {
    torch::NoGradGuard const no_gradient;
    auto parameters = model.named_parameters();
    for (auto& parameter : parameters) {
        auto const inputs = inputs_of(parameters, parameter.key());
        if (!inputs) {
            parameter.value().fill_(parameter.key().ends_with("bias") ? 0.0 : 1.0);
            continue;
        }
        auto const bound = 1 / std::sqrt(static_cast<double>(*inputs));
        auto const values = torch::empty(parameter.value().sizes(), torch::kFloat);
        parameter.value().copy_(
            values.uniform_(-bound, bound, generator_for(parameter.key(), seed)));
    }
}

}  // namespace tessera::model
