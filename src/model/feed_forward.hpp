#pragma once

#include "products.hpp"

#include <torch/types.h>

namespace tessera::model {

/// The weights of the feed-forward part: F = width inside.
struct FeedForward {
    torch::Tensor const& expand;         ///< [F, H]
    torch::Tensor const& expand_bias;    ///< [F]
    torch::Tensor const& contract;       ///< [H, F]
    torch::Tensor const& contract_bias;  ///< [H]
};

/// gelu(x expand^T + b) contract^T + c for rows x [R, H], GELU in its erf form. On the host only
/// the input of GELU is kept for the backward pass, which makes GELU and its slope again from one
/// exponential: 2 F values a row less in memory, and no second pass.
UnbiasedProduct feed_forward(torch::Tensor const& x, FeedForward const& weights);

}  // namespace tessera::model
