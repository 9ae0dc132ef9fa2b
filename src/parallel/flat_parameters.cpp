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

FlatParameters::FlatParameters(torch::nn::Module& module, at::ScalarType compute) {
    lay_out(module);
    adopt(module, compute);
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

void FlatParameters::adopt(torch::nn::Module& module, at::ScalarType compute) {
    auto const parameters = module.named_parameters();
    auto const options =
        parameters.is_empty() ? at::TensorOptions(at::kFloat) : parameters[0].value().options();
    values_ = at::zeros({total_}, options.requires_grad(false));
    gradients_ = at::zeros({trainable_}, options.requires_grad(false));
    narrow_values_ = compute == at::kFloat ? values_ : at::zeros_like(values_, compute);
    narrow_gradients_ = compute == at::kFloat ? gradients_ : at::zeros_like(gradients_, compute);
    for (auto const& entry : entries_) {
        auto parameter = parameters[entry.name];
        view(values_, entry).copy_(parameter.detach());
        parameter.set_data(view(narrow_values_, entry));
        if (entry.trainable) parameter.mutable_grad() = view(narrow_gradients_, entry);
        leaves_.push_back(parameter);
    }
    refresh();
}

void FlatParameters::refresh() {
    if (computes_in_half()) narrow_values_.copy_(values_);
}

void FlatParameters::collect(std::int64_t begin, std::int64_t end) {
    if (!computes_in_half()) return;
    auto const part = narrow_gradients_.narrow(0, begin, end - begin);
    gradients_.narrow(0, begin, end - begin).add_(part);
    part.zero_();
}

void FlatParameters::zero_gradients() {
    gradients_.zero_();
    if (computes_in_half()) narrow_gradients_.zero_();
}

void FlatParameters::widen() {
    narrow_values_ = values_;
    narrow_gradients_ = gradients_;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        leaves_[i].mutable_grad().reset();  // of the half type: would not fit what comes
        leaves_[i].set_data(view(values_, entries_[i]));
        if (entries_[i].trainable) leaves_[i].mutable_grad() = view(gradients_, entries_[i]);
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
