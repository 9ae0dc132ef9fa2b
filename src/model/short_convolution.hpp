#pragma once

#include <cstdint>
#include <vector>

#include <torch/types.h>

namespace tessera::model {

/// Convolution of stride 1 over the rows of a matrix, with fewer multiplications: each tile of
/// `tile` outputs is evaluated at tile + kernel - 1 points, multiplied there, and taken back
/// (Toom and Cook; Winograd 1980, as in Lavin and Gray 2016 for images). Eight products stand for
/// twenty where the kernel is 5. The points are 0, +-1, +-2, +-1/2 and infinity: float32 sums stay
/// within a few units in the sixth place. On the CPU, without gradients.
class ShortConvolution {
  public:
    /// `weight` [C2, C1, kernel]; kernel at most `longest_kernel`.
    explicit ShortConvolution(torch::Tensor const& weight);

    static constexpr std::int64_t tile = 4;
    static constexpr std::int64_t longest_kernel = 5;

    /// Rows that `outputs` rows need; those behind the last output of a tile count too.
    std::int64_t inputs_for(std::int64_t outputs) const;

    /// [outputs, C2] from `rows` [inputs_for(outputs) or more, C1], no bias added.
    torch::Tensor operator()(torch::Tensor const& rows, std::int64_t outputs) const;

  private:
    std::int64_t points_;
    std::vector<float> input_transform_;   // [points, points]
    std::vector<float> output_transform_;  // [tile, points]
    torch::Tensor weight_;                 // [points, C1, C2], the kernel at each point
};

}  // namespace tessera::model
