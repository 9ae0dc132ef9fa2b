#include "vector_kernels.hpp"

#include <cmath>
#include <limits>

// One source for three instruction sets: the compiler lowers the 16-lane vectors below to what each
// clone may use.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define TESSERA_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define TESSERA_CLONES  // Clang 14 would emit the first clone alone, also for machines without it
#endif
#define TESSERA_INLINE __attribute__((always_inline)) inline
#define TESSERA_LAMBDA __attribute__((always_inline))

namespace tessera::model {
namespace {

using Floats = float __attribute__((vector_size(64)));
using Words = std::uint32_t __attribute__((vector_size(64)));
using Integers = std::int32_t __attribute__((vector_size(64)));
constexpr std::size_t lanes = 16;

// Vectors go by reference: by value their calling convention would differ between the clones.
template <class To, class From>
TESSERA_INLINE void copy_bits(To& to, From const& from) {
    __builtin_memcpy(&to, &from, sizeof to);
}

TESSERA_INLINE void load(Floats& to, float const* from, std::size_t count = lanes) {
    if (count == lanes) {
        __builtin_memcpy(&to, from, sizeof to);
    } else {
        to = Floats{};
        __builtin_memcpy(&to, from, count * sizeof(float));
    }
}

TESSERA_INLINE void store(float* to, Floats const& from, std::size_t count = lanes) {
    if (count == lanes) {
        __builtin_memcpy(to, &from, sizeof from);
    } else {
        __builtin_memcpy(to, &from, count * sizeof(float));
    }
}

TESSERA_INLINE void biased(Floats& to, float const* x, float const* bias, std::size_t count) {
    Floats shift;
    load(to, x, count);
    load(shift, bias, count);
    to += shift;
}

/// Calls body(first element, elements) for each vector of a row; the last one may be partial.
template <class Body>
TESSERA_INLINE void for_each_vector(std::size_t size, Body const& body) {
    std::size_t begin = 0;
    for (; begin + lanes <= size; begin += lanes) body(begin, lanes);
    if (begin < size) body(begin, size - begin);
}

constexpr Words lane_numbers = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
constexpr std::uint32_t odd_constant = 0x9e3779b1U;  // 2^32 / golden ratio

TESSERA_INLINE void drop(Floats& x, std::size_t begin, RowDropout const& dropout) {
    Words word = (lane_numbers + static_cast<std::uint32_t>(begin)) * odd_constant + dropout.key;
    word = (word ^ (word >> 16U)) * 0x85ebca6bU;
    word = (word ^ (word >> 13U)) * 0xc2b2ae35U;
    word = word ^ (word >> 16U);
    x = word < dropout.threshold ? Floats{} : x * dropout.scale;
}

/// exp(x) for x <= 88 to about one unit in the last place; 0 below -87. 2^n * e^r with
/// |r| <= ln(2)/2 and the Taylor polynomial of degree 7 (remainder 5e-9).
TESSERA_INLINE void exponential(Floats& x) {
    constexpr float to_integer = 12582912.0F;  // 1.5 * 2^23: adding it rounds to an integer
    Floats const input = x;
    Floats const shifted = x * 1.44269504F + to_integer;
    Floats const n = shifted - to_integer;
    Floats const r = (x - n * 0.693359375F) - n * -2.12194440e-4F;  // ln(2) in two parts
    Floats y = r * (1.0F / 5040) + 1.0F / 720;
    y = y * r + 1.0F / 120;
    y = y * r + 1.0F / 24;
    y = y * r + 1.0F / 6;
    y = y * r + 0.5F;
    y = y * r + 1.0F;
    y = y * r + 1.0F;
    Words bits;
    copy_bits(bits, shifted);
    bits = (bits + 127U) << 23U;  // the low bits of `shifted` hold n
    Floats power;
    copy_bits(power, bits);
    x = input < -87.0F ? Floats{} : y * power;
}

TESSERA_INLINE void keep_first(Floats& x, std::size_t count, float rest) {
    if (count == lanes) return;
    Words const limit = Words{} + static_cast<std::uint32_t>(count);
    x = lane_numbers < limit ? x : Floats{} + rest;
}

TESSERA_INLINE float sum_of(Floats const& x) {
    float total = 0;
    for (std::size_t lane = 0; lane < lanes; ++lane) total += x[lane];
    return total;
}

TESSERA_INLINE float maximum_of(float const* row, std::size_t size) {
    constexpr float lowest = -std::numeric_limits<float>::infinity();
    Floats best = Floats{} + lowest;
    for_each_vector(size, [&](std::size_t begin, std::size_t count) TESSERA_LAMBDA {
        Floats x;
        load(x, row + begin, count);
        keep_first(x, count, lowest);
        best = x > best ? x : best;
    });
    float maximum = lowest;
    for (std::size_t lane = 0; lane < lanes; ++lane) maximum = std::fmax(maximum, best[lane]);
    return maximum;
}

/// Phi(x), the normal distribution, and e^(-x^2/2). The tail is Abramowitz and Stegun 7.1.26, whose
/// error is below 1.5e-7 (LibTorch's vectorised erf is the same formula).
TESSERA_INLINE void normal_distribution(Floats const& x, Floats& phi, Floats& bell) {
    constexpr float scaled_p = 0.3275911F * 0.70710678F;
    Floats const size = x < 0.0F ? -x : x;
    bell = size * size * -0.5F;
    exponential(bell);
    Floats const t = 1.0F / (size * scaled_p + 1.0F);
    Floats tail = t * 1.061405429F - 1.453152027F;
    tail = tail * t + 1.421413741F;
    tail = tail * t - 0.284496736F;
    tail = tail * t + 0.254829592F;
    tail = tail * t * bell * 0.5F;
    phi = x < 0.0F ? tail : 1.0F - tail;
}

/// row = exp(scale * row - its maximum), in place; returns 1 / sum.
TESSERA_INLINE float exponentials(std::span<float> row, float scale) {
    float const maximum = scale * maximum_of(row.data(), row.size());
    Floats sums = {};
    for_each_vector(row.size(), [&](std::size_t begin, std::size_t count) TESSERA_LAMBDA {
        Floats x;
        load(x, row.data() + begin, count);
        x = x * scale - maximum;
        exponential(x);
        store(row.data() + begin, x, count);
        keep_first(x, count, 0.0F);
        sums += x;
    });
    return 1.0F / sum_of(sums);
}

}  // namespace

TESSERA_CLONES void drop_row(std::span<float const> x, std::span<float> out, RowDropout dropout) {
    for_each_vector(x.size(), [&](std::size_t begin, std::size_t count) TESSERA_LAMBDA {
        Floats value;
        load(value, x.data() + begin, count);
        drop(value, begin, dropout);
        store(out.data() + begin, value, count);
    });
}

TESSERA_CLONES void add_biased_row(std::span<float const> base, std::span<float const> x,
                                   std::span<float const> bias, std::span<float> out) {
    for_each_vector(x.size(), [&](std::size_t begin, std::size_t count) TESSERA_LAMBDA {
        Floats value;
        Floats onto;
        biased(value, x.data() + begin, bias.data() + begin, count);
        load(onto, base.data() + begin, count);
        store(out.data() + begin, onto + value, count);
    });
}

TESSERA_CLONES void add_dropped_row(std::span<float const> base, std::span<float const> x,
                                    std::span<float const> bias, std::span<float> out,
                                    RowDropout dropout) {
    for_each_vector(x.size(), [&](std::size_t begin, std::size_t count) TESSERA_LAMBDA {
        Floats value;
        Floats onto;
        biased(value, x.data() + begin, bias.data() + begin, count);
        load(onto, base.data() + begin, count);
        drop(value, begin, dropout);
        store(out.data() + begin, onto + value, count);
    });
}

TESSERA_CLONES void combine_rows(std::span<float const> coefficients, float const* rows,
                                 std::int64_t stride, std::span<float> out) {
    for_each_vector(out.size(), [&](std::size_t begin, std::size_t count) TESSERA_LAMBDA {
        Floats sum{};
        for (std::size_t k = 0; k < coefficients.size(); ++k) {
            if (coefficients[k] == 0.0F) continue;
            Floats value;
            load(value, rows + static_cast<std::int64_t>(k) * stride + begin, count);
            sum += coefficients[k] * value;
        }
        store(out.data() + begin, sum, count);
    });
}

TESSERA_CLONES void softmax_row(std::span<float> row, float scale) {
    float const inverse = exponentials(row, scale);
    for_each_vector(row.size(), [&](std::size_t begin, std::size_t count) TESSERA_LAMBDA {
        Floats x;
        load(x, row.data() + begin, count);
        store(row.data() + begin, x * inverse, count);
    });
}

TESSERA_CLONES void softmax_drop_row(std::span<float> row, float scale, RowDropout dropout) {
    float const inverse = exponentials(row, scale);
    for_each_vector(row.size(), [&](std::size_t begin, std::size_t count) TESSERA_LAMBDA {
        Floats x;
        load(x, row.data() + begin, count);
        x = x * inverse;
        drop(x, begin, dropout);
        store(row.data() + begin, x, count);
    });
}

TESSERA_CLONES void softmax_row_backward(std::span<float const> probabilities,
                                         std::span<float> gradient, float scale,
                                         RowDropout dropout) {
    Floats sums = {};
    for_each_vector(gradient.size(), [&](std::size_t begin, std::size_t count) TESSERA_LAMBDA {
        Floats g;
        Floats p;
        load(g, gradient.data() + begin, count);
        load(p, probabilities.data() + begin, count);
        drop(g, begin, dropout);
        store(gradient.data() + begin, g, count);
        sums += g * p;
    });
    float const total = sum_of(sums);
    for_each_vector(gradient.size(), [&](std::size_t begin, std::size_t count) TESSERA_LAMBDA {
        Floats g;
        Floats p;
        load(g, gradient.data() + begin, count);
        load(p, probabilities.data() + begin, count);
        store(gradient.data() + begin, (g - total) * p * scale, count);
    });
}

TESSERA_CLONES void gelu_row(std::span<float> x, std::span<float const> bias,
                             std::span<float> out) {
    for_each_vector(x.size(), [&](std::size_t begin, std::size_t count) TESSERA_LAMBDA {
        Floats value;
        Floats phi;
        Floats bell;
        biased(value, x.data() + begin, bias.data() + begin, count);
        store(x.data() + begin, value, count);
        normal_distribution(value, phi, bell);
        store(out.data() + begin, value * phi, count);
    });
}

TESSERA_CLONES void gelu_row_backward(std::span<float const> x, std::span<float> gradient,
                                      std::span<float> activation) {
    constexpr float bell_scale = 0.39894228F;  // 1 / sqrt(2 pi)
    for_each_vector(x.size(), [&](std::size_t begin, std::size_t count) TESSERA_LAMBDA {
        Floats value;
        Floats slope;
        Floats phi;
        Floats bell;
        load(value, x.data() + begin, count);
        load(slope, gradient.data() + begin, count);
        normal_distribution(value, phi, bell);
        store(activation.data() + begin, value * phi, count);
        store(gradient.data() + begin, slope * (phi + value * bell * bell_scale), count);
    });
}

TESSERA_CLONES void add_to_row(std::span<float const> x, std::span<float> sum) {
    for_each_vector(x.size(), [&](std::size_t begin, std::size_t count) TESSERA_LAMBDA {
        Floats value;
        Floats total;
        load(value, x.data() + begin, count);
        load(total, sum.data() + begin, count);
        store(sum.data() + begin, total + value, count);
    });
}

TESSERA_CLONES RowLogSum log_sum_exp(std::span<float const> logits) {
    float const maximum = maximum_of(logits.data(), logits.size());
    Floats sums = {};
    for_each_vector(logits.size(), [&](std::size_t begin, std::size_t count) TESSERA_LAMBDA {
        Floats x;
        load(x, logits.data() + begin, count);
        x = x - maximum;
        exponential(x);
        keep_first(x, count, 0.0F);
        sums += x;
    });
    return {maximum, maximum + std::log(sum_of(sums))};
}

TESSERA_CLONES void exp_row(std::span<float const> x, std::span<float> out, float log_sum,
                            float weight) {
    for_each_vector(x.size(), [&](std::size_t begin, std::size_t count) TESSERA_LAMBDA {
        Floats value;
        load(value, x.data() + begin, count);
        value = value - log_sum;
        exponential(value);
        store(out.data() + begin, value * weight, count);
    });
}

}  // namespace tessera::model
