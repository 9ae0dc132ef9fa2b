#include "vocabulary_loss.hpp"

#include "products.hpp"
#include "vector_kernels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include <torch/autograd.h>

namespace tessera::model {
namespace {

/// Columns of logits that are worked on at a time: a block of 608 rows is 10 MB and stays in the
/// last-level cache between the product that makes it and those that use it.
constexpr std::int64_t block_columns = 4096;

struct Block {
    std::int64_t begin;
    std::int64_t columns;
};

std::vector<Block> blocks_of(std::int64_t vocabulary) {
    std::vector<Block> blocks;
    for (std::int64_t begin = 0; begin < vocabulary; begin += block_columns) {
        blocks.push_back({begin, std::min(block_columns, vocabulary - begin)});
    }
    return blocks;
}

std::span<float> row_of(torch::Tensor const& matrix, std::int64_t row) {
    auto const columns = static_cast<std::size_t>(matrix.size(1));
    return {matrix.data_ptr<float>() + static_cast<std::size_t>(row) * columns, columns};
}

/// What is known of a row of logits after some blocks.
struct RowState {
    double log_sum = -std::numeric_limits<double>::infinity();
    float best = -std::numeric_limits<float>::infinity();
    float of_target = 0;
    bool hit = false;  // the best id so far is the target; the lowest id wins a tie

    void add(std::span<float const> logits, std::int64_t target) {
        auto const block = log_sum_exp(logits);
        auto const high = std::max(log_sum, static_cast<double>(block.log_sum));
        log_sum = high + std::log(std::exp(log_sum - high) +
                                  std::exp(static_cast<double>(block.log_sum) - high));
        bool const inside = target >= 0 && target < static_cast<std::int64_t>(logits.size());
        if (inside) of_target = logits[static_cast<std::size_t>(target)];
        if (block.maximum <= best) return;
        best = block.maximum;
        hit = inside && of_target == best &&
              std::ranges::find(logits, best) - logits.begin() == target;
    }
};

template <class Body>
void for_each_row(std::int64_t rows, Body const& body) {
    at::parallel_for(0, rows, 1, [&](std::int64_t begin, std::int64_t end) {
        for (auto row = begin; row < end; ++row) body(row);
    });
}

/// block = weight * (softmax - one at the target), the gradient of the logits of a block.
void write_slopes(torch::Tensor const& logits, torch::Tensor const& slopes, std::int64_t first,
                  torch::Tensor const& log_sums, torch::Tensor const& targets,
                  torch::Tensor const& weights) {
    for_each_row(logits.size(0), [&](std::int64_t row) {
        auto const out = row_of(slopes, row);
        auto const weight = weights.data_ptr<float>()[row];
        exp_row(row_of(logits, row), out, log_sums.data_ptr<float>()[row], weight);
        auto const target = targets.data_ptr<std::int64_t>()[row] - first;
        if (target >= 0 && target < logits.size(1)) out[static_cast<std::size_t>(target)] -= weight;
    });
}

/// On the host: block by block, so that without gradients no more than one block exists.
class HostCrossEntropy : public torch::autograd::Function<HostCrossEntropy> {
  public:
    static torch::autograd::variable_list forward(
        torch::autograd::AutogradContext* context, torch::Tensor const& x,
        torch::Tensor const& weight, torch::Tensor const& bias, torch::Tensor const& targets,
        torch::Tensor const& weights, std::int64_t vocabulary, bool needs_gradient) {
        std::vector<RowState> states(static_cast<std::size_t>(x.size(0)));
        torch::autograd::variable_list kept;
        for (auto const& block : blocks_of(vocabulary)) {
            auto const logits = times_transposed(x, weight.narrow(0, block.begin, block.columns),
                                                 bias.narrow(0, block.begin, block.columns));
            for_each_row(x.size(0), [&](std::int64_t row) {
                auto const target = targets.data_ptr<std::int64_t>()[row] - block.begin;
                states[static_cast<std::size_t>(row)].add(row_of(logits, row), target);
            });
            if (needs_gradient) kept.push_back(logits);
        }
        auto const rows = row_results(states, weights);
        kept.insert(kept.begin(), {x, weight, targets, weights, rows.log_sums});
        if (needs_gradient) context->save_for_backward(kept);
        context->saved_data["vocabulary"] = vocabulary;
        auto const correct = rows.correct.sum();
        context->mark_non_differentiable({correct});
        return {rows.losses.sum(), correct};
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                   torch::autograd::variable_list gradients) {
        auto const saved = context->get_saved_variables();
        auto const& x = saved[0];
        auto const& weight = saved[1];
        auto const& upstream = gradients[0];  // [], of the sum
        auto const vocabulary = context->saved_data["vocabulary"].toInt();
        auto const scaled = x * upstream;
        auto of_x = torch::zeros_like(x);
        auto of_weight = torch::empty_like(weight);
        auto of_bias = torch::zeros({weight.size(0)}, weight.options());
        of_weight.narrow(0, vocabulary, weight.size(0) - vocabulary).zero_();
        auto const blocks = blocks_of(vocabulary);
        for (std::size_t i = 0; i < blocks.size(); ++i) {
            auto const [begin, columns] = blocks[i];
            auto const slopes = torch::empty_like(saved[i + 5]);
            write_slopes(saved[i + 5], slopes, begin, saved[4], saved[2], saved[3]);
            of_x.add_(times(slopes, weight.narrow(0, begin, columns)));
            transposed_times_into(of_weight.narrow(0, begin, columns), slopes, scaled);
            of_bias.narrow(0, begin, columns).copy_(slopes.sum(0));
        }
        return {of_x.mul_(upstream), of_weight, of_bias.mul_(upstream), {}, {}, {}, {}};
    }

  private:
    struct RowResults {
        torch::Tensor losses, correct, log_sums;  // [N]
    };

    static RowResults row_results(std::vector<RowState> const& states,
                                  torch::Tensor const& weights) {
        RowResults result{torch::empty_like(weights), torch::empty_like(weights),
                          torch::empty_like(weights)};
        auto const* const weight = weights.data_ptr<float>();
        for (std::size_t i = 0; i < states.size(); ++i) {
            auto const& state = states[i];
            auto const loss = state.log_sum - static_cast<double>(state.of_target);
            result.losses.data_ptr<float>()[i] = weight[i] * static_cast<float>(loss);
            result.correct.data_ptr<float>()[i] = state.hit ? weight[i] : 0.0F;
            result.log_sums.data_ptr<float>()[i] = static_cast<float>(state.log_sum);
        }
        return result;
    }
};

/// Half types keep the gradient of the logits times this: probabilities of 1e-5 are below what fp16
/// holds whole.
constexpr double half_scale = 1024;

/// By LibTorch's operators, for other devices and types: the gradient is written over the logits.
/// Sums and logarithms are float32 at least.
class DeviceCrossEntropy : public torch::autograd::Function<DeviceCrossEntropy> {
  public:
    static torch::autograd::variable_list forward(
        torch::autograd::AutogradContext* context, torch::Tensor const& x,
        torch::Tensor const& weight, torch::Tensor const& bias, torch::Tensor const& targets,
        torch::Tensor const& weights, std::int64_t vocabulary, bool needs_gradient) {
        auto const logits = at::addmm(bias, x, weight.t());
        auto const used = logits.narrow(1, 0, vocabulary);
        auto const column = targets.unsqueeze(1);
        auto const correct = (used.argmax(1).eq(targets).to(weights.dtype()) * weights).sum();
        auto const wide = at::promote_types(x.scalar_type(), torch::kFloat);
        auto const logs = at::log_softmax(used, 1, wide);  // [N, vocabulary]
        auto const losses = logs.gather(1, column).squeeze(1).neg() * weights;
        if (needs_gradient) {
            auto const scale = (weights.unsqueeze(1) * scale_of(x)).to(wide);
            logs.exp_().mul_(scale);
            logs.scatter_add_(1, column, -scale);
            logits.narrow(1, vocabulary, logits.size(1) - vocabulary).zero_();
            used.copy_(logs);
            context->save_for_backward({x, weight, logits});
        }
        context->mark_non_differentiable({correct});
        return {losses.sum(), correct};
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                   torch::autograd::variable_list gradients) {
        auto const saved = context->get_saved_variables();
        auto const upstream = gradients[0] / scale_of(saved[0]);  // [], of the sum
        auto const& slopes = saved[2];  // [N, V], gradient of the logits times the scale
        auto const scaled = saved[0] * upstream;
        auto const wide = at::promote_types(slopes.scalar_type(), torch::kFloat);
        return {at::mm(slopes, saved[1]) * upstream,
                at::mm(slopes.t(), scaled),
                // Many slots may have one target: their sum is beyond fp16 before it is scaled.
                (slopes.sum(0, /*keepdim=*/false, wide) * upstream).to(slopes.scalar_type()),
                {},
                {},
                {},
                {}};
    }

  private:
    static double scale_of(torch::Tensor const& x) {
        return at::isReducedFloatingType(x.scalar_type()) ? half_scale : 1;
    }
};

}  // namespace

VocabularyLoss vocabulary_loss(torch::Tensor const& x, torch::Tensor const& weight,
                               torch::Tensor const& bias, torch::Tensor const& targets,
                               torch::Tensor const& weights, std::int64_t vocabulary) {
    auto const needs_gradient =
        at::GradMode::is_enabled() &&
        (x.requires_grad() || weight.requires_grad() || bias.requires_grad());
    auto const result = on_host(x) ? HostCrossEntropy::apply(x, weight, bias, targets, weights,
                                                             vocabulary, needs_gradient)
                                   : DeviceCrossEntropy::apply(x, weight, bias, targets, weights,
                                                               vocabulary, needs_gradient);
    return {result[0], result[1]};
}

}  // namespace tessera::model
