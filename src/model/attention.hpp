#pragma once

#include "row_layout.hpp"

#include <cstdint>
#include <vector>

#include <torch/types.h>

namespace tessera::model {

/// Multi-head scaled dot-product attention within each sequence (Vaswani 2017, 3.2).
/// `projections` [R, 3*H]: queries, keys and values side by side, heads inside each; the result is
/// [R, H]. `keys` [R] int32 as of Dropout::row_keys, undefined: nothing is dropped.
/// Packed rows run in an own CPU function that also fuses dropout: LibTorch's fused attention falls
/// back to unfused operators on the CPU as soon as dropout is above 0.
torch::Tensor attention(torch::Tensor const& projections, RowLayout const& layout,
                        std::int64_t heads, torch::Tensor const& keys, double dropout);

/// Where the rows of each sequence begin, [B+1] each.
struct AttentionRows {
    std::vector<std::int64_t> queries;
    std::vector<std::int64_t> keys;  ///< and values
};

/// The same for some rows alone: their queries [N, H] against keys and values [R, 2*H] of all,
/// packed. `keys` [N]; the result is [N, H].
torch::Tensor chosen_attention(torch::Tensor const& queries, torch::Tensor const& keys_and_values,
                               AttentionRows const& rows, std::int64_t heads,
                               torch::Tensor const& keys, double dropout);

}  // namespace tessera::model
