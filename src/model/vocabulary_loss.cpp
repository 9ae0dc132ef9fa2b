#include "vocabulary_loss.hpp"

#include "vector_kernels.hpp"

#include <algorithm>
#include <span>

namespace tessera::model {
namespace {

struct RowLoss {
    torch::Tensor losses;   // [N]
    torch::Tensor correct;  // [N]
};

bool is_best(std::span<float const> logits, std::int64_t target, float maximum) {
    auto const best = std::find(logits.begin(), logits.end(), maximum);
    return best - logits.begin() == target;  // the lowest id wins a tie
}

/// Losses of all rows; with `write_gradient` the logits become their gradient.
RowLoss host_losses(torch::Tensor const& logits, torch::Tensor const& targets,
                    torch::Tensor const& weights, std::int64_t vocabulary, bool write_gradient) {
    RowLoss result{torch::empty_like(weights), torch::empty_like(weights)};
    auto const columns = static_cast<std::size_t>(logits.size(1));
    auto const* const target = targets.data_ptr<std::int64_t>();
    auto const* const weight = weights.data_ptr<float>();
    at::parallel_for(0, logits.size(0), 1, [&](std::int64_t begin, std::int64_t end) {
        for (auto i = begin; i < end; ++i) {
            std::span<float> const all(
                logits.data_ptr<float>() + static_cast<std::size_t>(i) * columns, columns);
            auto const row = all.first(static_cast<std::size_t>(vocabulary));
            auto const sum = log_sum_exp(row);
            auto& of_target = row[static_cast<std::size_t>(target[i])];
            auto const hit = of_target == sum.maximum && is_best(row, target[i], sum.maximum);
            result.losses.data_ptr<float>()[i] = weight[i] * (sum.log_sum - of_target);
            result.correct.data_ptr<float>()[i] = hit ? weight[i] : 0.0F;
            if (!write_gradient) continue;
            exp_row(row, sum.log_sum, weight[i]);
            of_target -= weight[i];
            std::fill(all.begin() + vocabulary, all.end(), 0.0F);
        }
    });
    return result;
}

/// The same by LibTorch's operators, for other devices and types.
RowLoss device_losses(torch::Tensor logits, torch::Tensor const& targets,
                      torch::Tensor const& weights, std::int64_t vocabulary, bool write_gradient) {
    auto const used = logits.narrow(1, 0, vocabulary);
    auto const column = targets.unsqueeze(1);
    auto const log_sum = at::logsumexp(used, {1}, /*keepdim=*/true);
    RowLoss result{(log_sum - used.gather(1, column)).squeeze(1).to(weights.dtype()) * weights,
                   used.argmax(1).eq(targets).to(weights.dtype()) * weights};
    if (!write_gradient) return result;
    auto const scale = weights.unsqueeze(1).to(logits.dtype());
    logits.narrow(1, vocabulary, logits.size(1) - vocabulary).zero_();
    used.sub_(log_sum).exp_().mul_(scale);
    used.scatter_add_(1, column, -scale);
    return result;
}

RowLoss losses_of(torch::Tensor const& logits, torch::Tensor const& targets,
                  torch::Tensor const& weights, std::int64_t vocabulary, bool write_gradient) {
    auto const on_host = logits.is_cpu() && logits.scalar_type() == torch::kFloat;
    return on_host ? host_losses(logits, targets, weights, vocabulary, write_gradient)
                   : device_losses(logits, targets, weights, vocabulary, write_gradient);
}

class LinearCrossEntropy : public torch::autograd::Function<LinearCrossEntropy> {
  public:
    static torch::autograd::variable_list forward(
        torch::autograd::AutogradContext* context, torch::Tensor const& x,
        torch::Tensor const& weight, torch::Tensor const& bias, torch::Tensor const& targets,
        torch::Tensor const& weights, std::int64_t vocabulary) {
        auto const needs_gradient =
            x.requires_grad() || weight.requires_grad() || bias.requires_grad();
        auto const logits = at::addmm(bias, x, weight.t());
        auto const rows = losses_of(logits, targets, weights, vocabulary, needs_gradient);
        if (needs_gradient) context->save_for_backward({x, weight, logits});
        auto const correct = rows.correct.sum();
        context->mark_non_differentiable({correct});
        return {rows.losses.sum(), correct};
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                   torch::autograd::variable_list gradients) {
        auto const saved = context->get_saved_variables();
        auto const& upstream = gradients[0];  // [], of the sum
        auto const& slopes = saved[2];        // [N, V], gradient of the logits
        auto const scaled = saved[0] * upstream;
        return {at::mm(slopes, saved[1]) * upstream,
                at::mm(slopes.t(), scaled),
                slopes.sum(0) * upstream,
                {},
                {},
                {}};
    }
};

}  // namespace

VocabularyLoss vocabulary_loss(torch::Tensor const& x, torch::Tensor const& weight,
                               torch::Tensor const& bias, torch::Tensor const& targets,
                               torch::Tensor const& weights, std::int64_t vocabulary) {
    auto const result = LinearCrossEntropy::apply(x, weight, bias, targets, weights, vocabulary);
    return {result[0], result[1]};
}

}  // namespace tessera::model
