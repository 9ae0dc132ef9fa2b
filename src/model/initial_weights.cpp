#include <span>
#include <string_view>

#include <ATen/CPUGeneratorImpl.h>

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

}  // namespace

void initialise(torch::nn::Module& model, std::uint64_t seed, double deviation) {
    torch::NoGradGuard const no_gradient;
    for (auto& parameter : model.named_parameters()) {
        fill(parameter.value(), parameter.key(), seed, deviation);
    }
}

}  // namespace tessera::model
