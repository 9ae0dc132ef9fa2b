#include "feed_forward.hpp"

#include "vector_kernels.hpp"

#include <span>

#include <torch/autograd.h>

namespace tessera::model {
namespace {

// What a thread takes at a time.
constexpr std::int64_t grain = 1 << 14;  // elements
constexpr std::int64_t rows_at_a_time = 16;

std::span<float> part_of(torch::Tensor const& tensor, std::int64_t begin, std::int64_t end) {
    return {tensor.data_ptr<float>() + begin, static_cast<std::size_t>(end - begin)};
}

/// Adds the bias to x [R, F] and puts GELU of that into `result`, which may be x.
void gelu_into(torch::Tensor const& result, torch::Tensor const& x, torch::Tensor const& bias) {
    auto const width = x.size(1);
    auto const shift = part_of(bias, 0, width);
    at::parallel_for(0, x.size(0), rows_at_a_time, [&](std::int64_t begin, std::int64_t end) {
        for (auto row = begin; row < end; ++row) {
            auto const first = row * width;
            gelu_row(part_of(x, first, first + width), shift,
                     part_of(result, first, first + width));
        }
    });
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
                                 torch::Tensor const& contract, bool is_training) {
        auto const inside = times_transposed(x, expand);
        auto const activation = is_training ? torch::empty_like(inside) : inside;
        gelu_into(activation, inside, expand_bias);
        if (is_training) context->save_for_backward({x, expand, contract, inside});
        return times_transposed(activation, contract);
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                   torch::autograd::variable_list gradients) {
        auto const saved = context->get_saved_variables();
        auto const gradient = gradients[0].contiguous();
        auto const inside = times(gradient, saved[2]);  // [R, F], of GELU, then of its input
        auto const activation = backward_through_gelu(saved[3], inside);
        torch::autograd::variable_list result(5);
        if (context->needs_input_grad(3)) result[3] = transposed_times(gradient, activation);
        if (context->needs_input_grad(1)) result[1] = transposed_times(inside, saved[0]);
        if (context->needs_input_grad(2)) result[2] = inside.sum(0);
        if (context->needs_input_grad(0)) result[0] = times(inside, saved[1]);
        return result;
    }
};

}  // namespace

UnbiasedProduct feed_forward(torch::Tensor const& x, FeedForward const& weights) {
    if (on_host(x)) {
        return {HostFeedForward::apply(x.contiguous(), weights.expand, weights.expand_bias,
                                       weights.contract, at::GradMode::is_enabled()),
                weights.contract_bias};
    }
    return {at::linear(at::gelu(at::linear(x, weights.expand, weights.expand_bias)),
                       weights.contract, weights.contract_bias),
            {}};
}

}  // namespace tessera::model
