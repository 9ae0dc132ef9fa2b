#include "products.hpp"

#include "kernel_choice.hpp"
#include "turned.hpp"

#include <string_view>

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/autograd.h>

namespace tessera::model {
namespace {

/// Multiplications from which oneDNN is worth it: it compiles a kernel for each new shape, and
/// packed batches bring a new number of rows each time (0.6 ms, the gain on 2^27 products).
constexpr std::int64_t worth_compiling = std::int64_t{1} << 27;

bool is_for_onednn(torch::Tensor const& a, std::int64_t columns) {
    return OneDnn::in_force() && on_host(a) && a.numel() * columns >= worth_compiling;
}

/// a b^T + bias by LibTorch's operator on oneDNN's inner product.
torch::Tensor onednn_product(torch::Tensor const& a, torch::Tensor const& b,
                             std::optional<torch::Tensor> const& bias) {
    using Signature = at::Tensor(
        at::Tensor const&, at::Tensor const&, std::optional<at::Tensor> const&, std::string_view,
        c10::List<std::optional<at::Scalar>>, std::optional<std::string_view>);
    static auto const operation = c10::Dispatcher::singleton()
                                      .findSchemaOrThrow("mkldnn::_linear_pointwise", "")
                                      .typed<Signature>();
    at::AutoDispatchBelowADInplaceOrView const below_autograd;
    return operation.call(a, b, bias, "none", c10::List<std::optional<at::Scalar>>(), std::nullopt);
}

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Gradients of x and weight in x weight^T, as the first two of `inputs`.
variable_list backward_of_product(AutogradContext& context, torch::Tensor const& gradient,
                                  std::size_t inputs) {
    auto const saved = context.get_saved_variables();
    variable_list result(inputs);
    if (context.needs_input_grad(0)) result[0] = times(gradient, saved[1]);
    if (context.needs_input_grad(1)) result[1] = transposed_times(gradient, saved[0]);
    return result;
}

class Product : public torch::autograd::Function<Product> {
  public:
    static torch::Tensor forward(AutogradContext* context, torch::Tensor const& x,
                                 torch::Tensor const& weight) {
        context->save_for_backward({x, weight});
        return times_transposed(x, weight);
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        return backward_of_product(*context, gradients[0].contiguous(), 2);
    }
};

class Linear : public torch::autograd::Function<Linear> {
  public:
    static torch::Tensor forward(AutogradContext* context, torch::Tensor const& x,
                                 torch::Tensor const& weight, torch::Tensor const& bias) {
        context->save_for_backward({x, weight});
        return times_transposed(x, weight, bias);
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        auto const gradient = gradients[0].contiguous();
        auto result = backward_of_product(*context, gradient, 3);
        if (context->needs_input_grad(2)) result[2] = gradient.sum(0);
        return result;
    }
};

}  // namespace

bool on_host(torch::Tensor const& x) {
    return x.is_cpu() && x.scalar_type() == torch::kFloat && x.dim() == 2 &&
           !LibraryKernels::in_force();
}

torch::Tensor times_transposed(torch::Tensor const& a, torch::Tensor const& b,
                               std::optional<torch::Tensor> const& bias) {
    return is_for_onednn(a, b.size(0)) ? onednn_product(a, b, bias) : at::linear(a, b, bias);
}

torch::Tensor times(torch::Tensor const& a, torch::Tensor const& b) {
    return is_for_onednn(a, b.size(1)) ? onednn_product(a, b.t(), std::nullopt) : at::mm(a, b);
}

torch::Tensor transposed_times(torch::Tensor const& a, torch::Tensor const& b) {
    return is_for_onednn(a, b.size(1)) ? onednn_product(turned(a.contiguous()), b.t(), std::nullopt)
                                       : at::mm(a.t(), b);
}

void transposed_times_into(torch::Tensor const& result, torch::Tensor const& a,
                           torch::Tensor const& b) {
    if (is_for_onednn(b, a.size(1))) {
        copy_turned(result, transposed_times(b, a));
        return;
    }
    auto onto = result;
    at::mm_out(onto, a.t(), b);
}

torch::Tensor linear(torch::Tensor const& x, torch::Tensor const& weight,
                     torch::Tensor const& bias) {
    return on_host(x) ? Linear::apply(x, weight, bias) : at::linear(x, weight, bias);
}

UnbiasedProduct unbiased_product(torch::Tensor const& x, torch::Tensor const& weight,
                                 torch::Tensor const& bias) {
    if (!on_host(x)) return {at::linear(x, weight, bias), {}};
    return {Product::apply(x, weight), bias};
}

}  // namespace tessera::model
