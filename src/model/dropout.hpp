#pragma once

#include "products.hpp"
#include "row_layout.hpp"
#include "vector_kernels.hpp"

#include <cstdint>

#include <torch/types.h>

#include <tessera/batch/batch.hpp>

namespace tessera::model {

/// The places in a model where something is dropped; each draws its own mask.
enum class DropoutSite : std::uint32_t { embedding, attention, attention_output, feed_forward };

/// Dropout of one forward pass. With own kernels the mask is a pure function of (seed, sequence
/// key, layer, site, place in the sequence, column): the same for any number of ranks and any
/// micro-batch; nothing is stored for the backward pass. With LibTorch's, for which keys are empty,
/// the generator of the device draws: seed it before each micro-batch.
class Dropout {
  public:
    /// Drops nothing.
    Dropout() = default;

    Dropout(std::uint64_t seed, batch::Sequences const& sequences, RowLayout const& layout);

    bool active() const { return active_; }

    /// The same masks for the rows `rows` [N] alone.
    Dropout of_rows(torch::Tensor const& rows) const;

    /// [R] int32: one key a row; [0] with LibTorch's kernels; undefined: nothing is dropped.
    torch::Tensor row_keys(std::int64_t layer, DropoutSite site) const;

  private:
    bool active_ = false;
    torch::Tensor row_words_;  // [R] int32, mixed from the sequence's key and the column
};

/// [B] int32: one key a sequence, for the dropout of a pooled head; [0] with LibTorch's kernels.
torch::Tensor pool_keys(std::uint64_t seed, batch::Sequences const& sequences);

/// The mask of a row under `key`, for a share of dropped elements.
RowDropout row_dropout(std::uint32_t key, double share);

/// dropout(x) of x [R, C]; `keys` as of Dropout::row_keys.
torch::Tensor dropout_of(torch::Tensor const& x, torch::Tensor const& keys, double share);

/// base + dropout(x with its bias), both [R, C], in one pass.
torch::Tensor add_dropped(torch::Tensor const& base, UnbiasedProduct const& x,
                          torch::Tensor const& keys, double share);

}  // namespace tessera::model
