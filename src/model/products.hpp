#pragma once

#include <optional>

#include <torch/types.h>

namespace tessera::model {

/// Matrix products of float32 matrices on the CPU. LibTorch's BLAS on x86 is MKL, which uses half
/// the vector width on processors that are not Intel's: there large products run in oneDNN (an AMD
/// EPYC: 105 against 75 GFLOP/s a core). On Intel's MKL is as fast and wants nothing turned over
/// (an Ice Lake Xeon: 100 to 160 GFLOP/s a core, a^T b 110 to 140 against 60 to 110). No gradients.

/// a b^T + bias: a [R, K], b [N, K], bias [N].
torch::Tensor times_transposed(torch::Tensor const& a, torch::Tensor const& b,
                               std::optional<torch::Tensor> const& bias = std::nullopt);

/// a b: a [R, K], b [K, N].
torch::Tensor times(torch::Tensor const& a, torch::Tensor const& b);

/// a^T b: a [R, M], b [R, N].
torch::Tensor transposed_times(torch::Tensor const& a, torch::Tensor const& b);

/// The same into `result` [M, N], contiguous. Quicker where a is larger than the result.
void transposed_times_into(torch::Tensor const& result, torch::Tensor const& a,
                           torch::Tensor const& b);

/// x weight^T + bias, differentiable: x [R, in], weight [out, in], bias [out].
torch::Tensor linear(torch::Tensor const& x, torch::Tensor const& weight,
                     torch::Tensor const& bias);

/// A product that its bias has still to be added to, by whoever goes over the rows next: a pass of
/// its own (LibTorch copies the bias into the result before it multiplies) is memory traffic that a
/// small model feels.
struct UnbiasedProduct {
    torch::Tensor rows;  ///< [R, out]
    torch::Tensor bias;  ///< [out]; undefined: it is in the rows
};

/// x weight^T, differentiable; on devices, and for types, that add a bias for nothing it is added.
UnbiasedProduct unbiased_product(torch::Tensor const& x, torch::Tensor const& weight,
                                 torch::Tensor const& bias);

/// True where the functions above and the row loops of vector_kernels.hpp may be used.
bool on_host(torch::Tensor const& x);

}  // namespace tessera::model
