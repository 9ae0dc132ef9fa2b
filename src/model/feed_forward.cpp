#include "feed_forward.hpp"

#include "products.hpp"
#include "vector_kernels.hpp"

#include <span>

#include <torch/autograd.h>

namespace tessera::model {
namespace {

constexpr std::int64_t grain = 1 << 14;  // elements a thread takes at a time

std::span<float> part_of(torch::Tensor const& tensor, std::int64_t begin, std::int64_t end) {
    return {tensor.data_ptr<float>() + begin, static_cast<std::size_t>(end - begin)};
}

torch::Tensor gelu_of(torch::Tensor const& x) {
    auto result = torch::empty_like(x);
    at::parallel_for(0, x.numel(), grain, [&](std::int64_t begin, std::int64_t end) {
        gelu_row(part_of(x, begin, end), part_of(result, begin, end));
    });
    return result;
}

/// GELU of x; `gradient`, that of the result on entry, becomes that of x.
torch::Tensor backward_through_gelu(torch::Tensor const& x, torch::Tensor const& gradient) {
    auto result = torch::empty_like(x);
    at::parallel_for(0, x.numel(), grain, [&](std::int64_t begin, std::int64_t end) {
        gelu_row_backward(part_of(x, begin, end), part_of(gradient, begin, end),
                          part_of(result, begin, end));
    });
    return result;
}

class HostFeedForward : public torch::autograd::Function<HostFeedForward> {
  public:
    static torch::Tensor forward(torch::autograd::AutogradContext* context, torch::Tensor const& x,
                                 torch::Tensor const& expand, torch::Tensor const& expand_bias,
                                 torch::Tensor const& contract,
                                 torch::Tensor const& contract_bias) {
        auto const inside = times_transposed(x, expand, expand_bias);
        context->save_for_backward({x, expand, contract, inside});
        return times_transposed(gelu_of(inside), contract, contract_bias);
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                   torch::autograd::variable_list gradients) {
        auto const saved = context->get_saved_variables();
        auto const gradient = gradients[0].contiguous();
        auto const inside = times(gradient, saved[2]);  // [R, F], of GELU, then of its input
        auto const activation = backward_through_gelu(saved[3], inside);
        torch::autograd::variable_list result(5);
        if (context->needs_input_grad(3)) result[3] = transposed_times(gradient, activation);
        if (context->needs_input_grad(4)) result[4] = gradient.sum(0);
        if (context->needs_input_grad(1)) result[1] = transposed_times(inside, saved[0]);
        if (context->needs_input_grad(2)) result[2] = inside.sum(0);
        if (context->needs_input_grad(0)) result[0] = times(inside, saved[1]);
        return result;
    }
};

}  // namespace

torch::Tensor feed_forward(torch::Tensor const& x, FeedForward const& weights) {
    if (on_host(x)) {
        return HostFeedForward::apply(x.contiguous(), weights.expand, weights.expand_bias,
                                      weights.contract, weights.contract_bias);
    }
    return at::linear(at::gelu(at::linear(x, weights.expand, weights.expand_bias)),
                      weights.contract, weights.contract_bias);
}

}  // namespace tessera::model
