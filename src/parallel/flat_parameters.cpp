#include <algorithm>
#include <unordered_set>

#include <tessera/base/error.hpp>
#include <tessera/parallel/flat_parameters.hpp>

namespace tessera::parallel {

namespace {

constexpr std::int64_t alignment = 16;  // floats: one cache line, one AVX-512 register

std::int64_t aligned(std::int64_t elements) {
    return (elements + alignment - 1) / alignment * alignment;
}

struct Named {
    std::string name;
    at::Tensor tensor;
};

/// Parameters in the module's order, each tensor once.
std::vector<Named> distinct_parameters(torch::nn::Module& module) {
    std::unordered_set<c10::TensorImpl*> seen;
    std::vector<Named> found;
    for (auto const& item : module.named_parameters()) {
        if (!seen.insert(item.value().unsafeGetTensorImpl()).second) continue;
        found.push_back({item.key(), item.value()});
    }
    return found;
}

/// Matrices decay; biases and normalisation gains, which have one axis, do not (Devlin 2019, the
/// released code).
bool decays(at::Tensor const& parameter) {
    return parameter.requires_grad() && parameter.dim() > 1;
}

/// Place in the layout: decayed, not decayed, frozen.
int segment(FlatEntry const& entry) {
    return !entry.trainable ? 2 : entry.decays ? 0 : 1;
}

void check_parameter(Named const& parameter, at::Tensor const& first) {
    base::validate(
        parameter.tensor.scalar_type() == at::kFloat && parameter.tensor.device() == first.device(),
        base::ExitCode::failed,
        "cannot lay out parameter '{}': it is {} on {}, flat buffers hold float32 on {}",
        parameter.name, c10::toString(parameter.tensor.scalar_type()),
        parameter.tensor.device().str(), first.device().str());
}

}  // namespace

FlatParameters::FlatParameters(torch::nn::Module& module) {
    lay_out(module);
    adopt(module);
}

void FlatParameters::lay_out(torch::nn::Module& module) {
    auto const parameters = distinct_parameters(module);
    for (auto const& [name, tensor] : parameters) {
        check_parameter({name, tensor}, parameters.front().tensor);
        entries_.push_back({.name = name,
                            .shape = tensor.sizes().vec(),
                            .offset = 0,
                            .count = tensor.numel(),
                            .decays = decays(tensor),
                            .trainable = tensor.requires_grad()});
    }
    std::ranges::stable_sort(entries_, {}, segment);
    for (auto& entry : entries_) {
        entry.offset = total_;
        total_ += aligned(entry.count);
        if (entry.trainable) trainable_ = total_;
        if (entry.decays) decayed_ = total_;
    }
}

void FlatParameters::adopt(torch::nn::Module& module) {
    auto const parameters = module.named_parameters();
    auto const options =
        parameters.is_empty() ? at::TensorOptions(at::kFloat) : parameters[0].value().options();
    values_ = at::zeros({total_}, options.requires_grad(false));
    gradients_ = at::zeros({trainable_}, options.requires_grad(false));
    for (auto const& entry : entries_) {
        auto parameter = parameters[entry.name];
        auto const place = view(values_, entry);
        place.copy_(parameter.detach());
        parameter.set_data(place);
        if (entry.trainable) parameter.mutable_grad() = view(gradients_, entry);
    }
}

at::Tensor FlatParameters::view(at::Tensor const& flat, FlatEntry const& entry) {
    return flat.narrow(0, entry.offset, entry.count).view(entry.shape);
}

std::span<float> elements(at::Tensor const& tensor) {
    base::validate(tensor.is_contiguous() && tensor.device().is_cpu(), base::ExitCode::failed,
                   "cannot span a tensor that is not contiguous in host memory");
    return {tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

}  // namespace tessera::parallel
