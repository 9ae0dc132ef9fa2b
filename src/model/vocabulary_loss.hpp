#pragma once

#include <torch/types.h>

namespace tessera::model {

struct VocabularyLoss {
    torch::Tensor loss_sum;  ///< [] sum over rows of weight * cross-entropy, natural logarithm
    torch::Tensor correct;   ///< [] float, sum of the weights of rows whose best id is the target
};

/// Output layer and cross-entropy in one: logits = x W^T + b over the first `vocabulary` rows of
/// W; those above have probability 0. x [N, H], weight [V, H], bias [V], targets [N] int64 below
/// `vocabulary`, weights [N] float. The logits are all that is kept for the backward pass: 160 MB
/// for 608 rows of byte bigrams, where separate operators hold three such buffers.
VocabularyLoss vocabulary_loss(torch::Tensor const& x, torch::Tensor const& weight,
                               torch::Tensor const& bias, torch::Tensor const& targets,
                               torch::Tensor const& weights, std::int64_t vocabulary);

}  // namespace tessera::model
