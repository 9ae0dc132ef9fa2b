#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tessera::model {

/// Loops over one row that LibTorch has no fused kernel for on the CPU. Each is compiled for
/// AVX-512, AVX2 and plain x86-64 and chosen at load time.

/// A well-mixed 32-bit word (the finaliser of MurmurHash3, public domain, Appleby 2011).
constexpr std::uint32_t mixed(std::uint32_t word) {
    word = (word ^ (word >> 16U)) * 0x85ebca6bU;
    word = (word ^ (word >> 13U)) * 0xc2b2ae35U;
    return word ^ (word >> 16U);
}

/// Element j of a row is dropped when mixed(key + j * odd constant) < threshold; a pure function of
/// the key, so the backward pass draws the same mask again instead of storing it.
struct RowDropout {
    std::uint32_t key = 0;
    std::uint32_t threshold = 0;  ///< share dropped * 2^32
    float scale = 1.0F;           ///< 1 / (share kept)
};

/// out[j] = dropout(x[j]); out may be x.
void drop_row(std::span<float const> x, std::span<float> out, RowDropout dropout);

/// out[j] = base[j] + x[j] + bias[j].
void add_biased_row(std::span<float const> base, std::span<float const> x,
                    std::span<float const> bias, std::span<float> out);

/// out[j] = base[j] + dropout(x[j] + bias[j]).
void add_dropped_row(std::span<float const> base, std::span<float const> x,
                     std::span<float const> bias, std::span<float> out, RowDropout dropout);

/// out[j] = sum over k of coefficients[k] * rows[k * stride + j].
void combine_rows(std::span<float const> coefficients, float const* rows, std::int64_t stride,
                  std::span<float> out);

/// row = softmax(scale * row), in place.
void softmax_row(std::span<float> row, float scale);

/// row = dropout(softmax(scale * row)), in place.
void softmax_drop_row(std::span<float> row, float scale, RowDropout dropout);

/// Backward of softmax(scale * s) followed by dropout, for one row: `gradient` holds the gradient
/// of the dropped probabilities on entry and that of s on return; `probabilities` are undropped.
void softmax_row_backward(std::span<float const> probabilities, std::span<float> gradient,
                          float scale, RowDropout dropout);

/// x[j] += bias[j], then out[j] = gelu(x[j]) in its erf form, x * Phi(x) (Hendrycks and Gimpel
/// 2016). out may be x: gelu remains.
void gelu_row(std::span<float> x, std::span<float const> bias, std::span<float> out);

/// Backward of gelu(x): `gradient` holds that of the result on entry and that of x on return;
/// activation[j] = gelu(x[j]).
void gelu_row_backward(std::span<float const> x, std::span<float> gradient,
                       std::span<float> activation);

/// sum[j] += x[j].
void add_to_row(std::span<float const> x, std::span<float> sum);

/// What cross-entropy wants of one row of logits.
struct RowLogSum {
    float maximum = 0;
    float log_sum = 0;  ///< log(sum(exp(logits)))
};
RowLogSum log_sum_exp(std::span<float const> logits);

/// out = weight * exp(x - log_sum): softmax from its logarithmic sum; x may be out.
void exp_row(std::span<float const> x, std::span<float> out, float log_sum, float weight);

}  // namespace tessera::model
