#include "short_convolution.hpp"

#include "vector_kernels.hpp"

#include <array>
#include <span>

#include <tessera/base/error.hpp>

namespace tessera::model {
namespace {

/// In the order in which they are taken; infinity stands behind the last one taken.
constexpr std::array finite_points{0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5};

/// Coefficients, lowest first, of the product of (x - p) over the points but `left_out`.
std::vector<double> product_of_roots(std::size_t count, std::size_t left_out) {
    std::vector<double> product{1.0};
    for (std::size_t i = 0; i < count; ++i) {
        if (i == left_out) continue;
        product.push_back(0.0);
        for (auto k = product.size() - 1; k > 0; --k) {
            product[k] = product[k - 1] - finite_points.at(i) * product[k];
        }
        product[0] *= -finite_points.at(i);
    }
    return product;
}

/// [points, points], row-major: d -> values that are multiplied.
std::vector<float> input_transform(std::size_t points) {
    std::vector<float> matrix(points * points);
    for (std::size_t row = 0; row < points; ++row) {
        auto const product = product_of_roots(points - 1, row);  // the last row leaves none out
        for (std::size_t k = 0; k < product.size(); ++k) {
            matrix[row * points + k] = static_cast<float>(product[k]);
        }
    }
    return matrix;
}

/// [rows, points]: powers of each point; at infinity the highest power alone.
std::vector<double> powers(std::size_t rows, std::size_t points) {
    std::vector<double> matrix(rows * points);
    for (std::size_t point = 0; point + 1 < points; ++point) {
        double power = 1;
        for (std::size_t row = 0; row < rows; ++row) {
            matrix[row * points + point] = power;
            power *= finite_points.at(point);
        }
    }
    matrix[rows * points - 1] = 1;
    return matrix;
}

/// What a kernel is divided by at each point, so that the way back needs no division.
std::vector<double> divisors(std::size_t points) {
    std::vector<double> result(points, 1.0);
    for (std::size_t j = 0; j + 1 < points; ++j) {
        for (std::size_t l = 0; l + 1 < points; ++l) {
            if (l != j) result[j] *= finite_points.at(j) - finite_points.at(l);
        }
    }
    return result;
}

/// [points, C1, C2] from [C2, C1, kernel].
torch::Tensor at_points(torch::Tensor const& weight, std::size_t points) {
    auto const kernel = static_cast<std::size_t>(weight.size(2));
    auto const values = powers(kernel, points);
    auto const divisor = divisors(points);
    auto const exact = weight.detach().to(torch::kDouble);
    std::vector<torch::Tensor> result;
    for (std::size_t point = 0; point < points; ++point) {
        auto sum = torch::zeros({weight.size(1), weight.size(0)}, torch::kDouble);
        for (std::size_t k = 0; k < kernel; ++k) {
            sum += exact.select(2, static_cast<std::int64_t>(k)).t() *
                   (values[k * points + point] / divisor[point]);
        }
        result.push_back(sum.to(torch::kFloat));
    }
    return torch::stack(result).contiguous();
}

std::int64_t points_for(std::int64_t kernel) {
    base::validate(kernel >= 1 && kernel <= ShortConvolution::longest_kernel, base::ExitCode::usage,
                   "a kernel of {} is none of 1 .. {}", kernel, ShortConvolution::longest_kernel);
    return ShortConvolution::tile + kernel - 1;
}

std::span<float> row_of(torch::Tensor const& rows, std::int64_t row) {
    auto const width = rows.size(-1);
    return {rows.data_ptr<float>() + row * width, static_cast<std::size_t>(width)};
}

}  // namespace

ShortConvolution::ShortConvolution(torch::Tensor const& weight)
    : points_(points_for(weight.size(2))),
      input_transform_(input_transform(static_cast<std::size_t>(points_))),
      weight_(at_points(weight, static_cast<std::size_t>(points_))) {
    auto const matrix = powers(static_cast<std::size_t>(tile), static_cast<std::size_t>(points_));
    output_transform_.assign(matrix.begin(), matrix.end());
}

std::int64_t ShortConvolution::inputs_for(std::int64_t outputs) const {
    auto const tiles = (outputs + tile - 1) / tile;
    return (tiles - 1) * tile + points_;
}

torch::Tensor ShortConvolution::operator()(torch::Tensor const& rows, std::int64_t outputs) const {
    auto const tiles = (outputs + tile - 1) / tile;
    auto const channels = rows.size(1);
    auto values = torch::empty({points_, tiles, channels}, rows.options());
    for (std::int64_t t = 0; t < tiles; ++t) {
        for (std::int64_t point = 0; point < points_; ++point) {
            combine_rows(
                {input_transform_.data() + point * points_, static_cast<std::size_t>(points_)},
                rows.data_ptr<float>() + t * tile * channels, channels,
                row_of(values, point * tiles + t));
        }
    }
    auto const products = at::bmm(values, weight_);  // [points, tiles, C2]
    auto result = torch::empty({tiles * tile, weight_.size(2)}, rows.options());
    for (std::int64_t t = 0; t < tiles; ++t) {
        for (std::int64_t out = 0; out < tile; ++out) {
            combine_rows(
                {output_transform_.data() + out * points_, static_cast<std::size_t>(points_)},
                products.data_ptr<float>() + t * weight_.size(2), tiles * weight_.size(2),
                row_of(result, t * tile + out));
        }
    }
    return result.narrow(0, 0, outputs);
}

}  // namespace tessera::model
