#pragma once

#include <cstdint>
#include <vector>

#include <torch/types.h>

#include <tessera/batch/batch.hpp>

namespace tessera::model {

/// Where the rows of an activation matrix [R, H] stand in a batch of B sequences of width S.
/// Packed: only real tokens have rows, R = sum of lengths, so padding costs nothing (own kernels).
/// Padded: R = B*S, and attention needs a mask (LibTorch's, where shapes must not change).
class RowLayout {
  public:
    static RowLayout packed(batch::Sequences const& sequences);
    static RowLayout padded(batch::Sequences const& sequences);

    bool is_packed() const { return packed_; }
    std::int64_t sequences() const { return static_cast<std::int64_t>(begins_.size()) - 1; }
    std::int64_t rows() const { return begins_.back(); }
    std::int64_t width() const { return width_; }

    /// [B+1] first row of each sequence, then R.
    std::vector<std::int64_t> const& begins() const { return begins_; }

    /// [R] int64, place b*S + s of each row, on the device of the batch.
    torch::Tensor const& places() const { return places_; }

    /// [R] int64, place s within its sequence.
    torch::Tensor const& columns() const { return columns_; }

    /// Rows of flat places b*S + s; a place in the padding of a packed layout gives row 0.
    torch::Tensor rows_of(torch::Tensor const& places) const;

    /// [B] rows of the first tokens.
    torch::Tensor first_rows() const;

    /// Padded only: [B, 1, 1, S] float, 0 for a token and -10000 for padding, to be added to
    /// attention scores (finite, so that a sequence of padding alone gives no NaN).
    torch::Tensor const& mask() const { return mask_; }

    /// The mask for tokens that are visible where `visible` [B, S] is not 0.
    void set_visible(torch::Tensor const& visible);

  private:
    bool packed_ = false;
    std::int64_t width_ = 0;
    std::vector<std::int64_t> begins_;
    torch::Tensor places_;
    torch::Tensor columns_;
    torch::Tensor row_of_place_;
    torch::Tensor mask_;
};

/// Rows [N] that alone are wanted of a layer. In a packed layout they stand in its order, so that
/// those of a sequence follow one another.
class RowChoice {
  public:
    /// `places` [N] int64, flat places b*S + s in any order.
    RowChoice(RowLayout const& layout, torch::Tensor const& places);

    /// [N] int64
    torch::Tensor const& rows() const { return rows_; }

    /// Packed only: [B+1] number of each sequence's first chosen row, then N.
    std::vector<std::int64_t> const& begins() const { return begins_; }

    /// Values [N, H] of the chosen rows, in the order in which their places were given.
    torch::Tensor as_given(torch::Tensor const& values) const;

  private:
    torch::Tensor rows_;
    torch::Tensor order_given_;  // [N] int64 into rows_; undefined where that is the order
    std::vector<std::int64_t> begins_;
};

}  // namespace tessera::model
