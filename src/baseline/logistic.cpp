#include <algorithm>
#include <cmath>

#include <tessera/baseline/logistic.hpp>

namespace tessera::baseline {

namespace {

/// Mean and deviation of each column.
struct Scaling {
    std::vector<double> mean;
    std::vector<double> deviation;  // 1 where a column is constant
};

Scaling scaling_of(Matrix const& rows) {
    Scaling scaling{std::vector<double>(rows.width), std::vector<double>(rows.width)};
    auto const count = static_cast<double>(std::max<std::size_t>(1, rows.rows()));
    for (std::size_t i = 0; i < rows.rows(); ++i) {
        for (std::size_t j = 0; j < rows.width; ++j) scaling.mean[j] += rows.row(i)[j] / count;
    }
    for (std::size_t i = 0; i < rows.rows(); ++i) {
        for (std::size_t j = 0; j < rows.width; ++j) {
            auto const gap = rows.row(i)[j] - scaling.mean[j];
            scaling.deviation[j] += gap * gap / count;
        }
    }
    for (auto& value : scaling.deviation) value = value > 1e-12 ? std::sqrt(value) : 1.0;
    return scaling;
}

/// Scaled rows with a last column of ones.
Matrix with_intercept(Matrix const& rows, Scaling const& scaling) {
    Matrix result{rows.width + 1, {}};
    result.values.reserve(rows.rows() * result.width);
    for (std::size_t i = 0; i < rows.rows(); ++i) {
        for (std::size_t j = 0; j < rows.width; ++j) {
            result.values.push_back(
                static_cast<float>((rows.row(i)[j] - scaling.mean[j]) / scaling.deviation[j]));
        }
        result.values.push_back(1.0F);
    }
    return result;
}

/// Softmax of a row of scores, in place.
void normalise(std::span<float> scores) {
    auto const highest = *std::max_element(scores.begin(), scores.end());
    float sum = 0;
    for (auto& score : scores) sum += score = std::exp(score - highest);
    for (auto& score : scores) score /= sum;
}

/// weights: [width, C]
void probabilities_of(std::span<float const> row, std::vector<float> const& weights,
                      std::span<float> result) {
    std::fill(result.begin(), result.end(), 0.0F);
    for (std::size_t j = 0; j < row.size(); ++j) {
        auto const* of_column = &weights[j * result.size()];
        for (std::size_t c = 0; c < result.size(); ++c) result[c] += row[j] * of_column[c];
    }
    normalise(result);
}

/// Of the mean loss. [width, C]
void gradient_of(LabelledRows const& rows, std::vector<float> const& weights, double penalty,
                 std::vector<float>& gradient) {
    auto const count = static_cast<float>(rows.features.rows());
    auto const free_from = (rows.features.width - 1) * rows.classes;
    for (std::size_t i = 0; i < gradient.size(); ++i) {
        gradient[i] = i < free_from ? weights[i] * static_cast<float>(penalty) / count : 0.0F;
    }
    std::vector<float> error(rows.classes);
    for (std::size_t i = 0; i < rows.features.rows(); ++i) {
        auto const row = rows.features.row(i);
        probabilities_of(row, weights, error);
        error[static_cast<std::size_t>(rows.labels[i])] -= 1;
        for (std::size_t j = 0; j < row.size(); ++j) {
            auto const share = row[j] / count;
            auto* of_column = &gradient[j * rows.classes];
            for (std::size_t c = 0; c < rows.classes; ++c) of_column[c] += share * error[c];
        }
    }
}

/// Largest curvature of the mean loss: softmax bends by at most 1/2 (Boehning 1992), and the mean
/// of the rows' squared lengths bounds the rest.
double curvature(Matrix const& rows, double penalty) {
    double squares = 0;
    for (auto const value : rows.values) squares += static_cast<double>(value) * value;
    return (squares / 2 + penalty) / static_cast<double>(rows.rows());
}

std::vector<float> fit(LabelledRows const& rows, LogisticConfig const& config) {
    std::vector<float> weights(rows.features.width * rows.classes);
    auto ahead = weights;
    std::vector<float> gradient(weights.size());
    auto const length = static_cast<float>(1 / curvature(rows.features, config.penalty));
    double momentum = 1;
    for (std::size_t step = 0; step < config.steps; ++step) {
        gradient_of(rows, ahead, config.penalty, gradient);
        auto const steep = [](float a, float b) { return std::abs(a) < std::abs(b); };
        auto const steepest = *std::max_element(gradient.begin(), gradient.end(), steep);
        if (std::abs(steepest) <= config.tolerance) return ahead;
        auto const next = (1 + std::sqrt(1 + 4 * momentum * momentum)) / 2;
        auto const overshoot = static_cast<float>((momentum - 1) / next);
        momentum = next;
        for (std::size_t i = 0; i < weights.size(); ++i) {
            auto const moved = ahead[i] - length * gradient[i];
            ahead[i] = moved + overshoot * (moved - weights[i]);
            weights[i] = moved;
        }
    }
    return weights;
}

}  // namespace

Matrix log_scaled(Matrix features) {
    for (auto& value : features.values) value = std::copysign(std::log1p(std::abs(value)), value);
    return features;
}

Matrix logistic_probabilities(LabelledRows const& train, Matrix const& test,
                              LogisticConfig const& config) {
    auto const scaling = scaling_of(train.features);
    auto const rows = with_intercept(train.features, scaling);
    auto const weights = fit({rows, train.labels, train.classes}, config);
    auto const asked = with_intercept(test, scaling);
    Matrix result{train.classes, std::vector<float>(test.rows() * train.classes)};
    for (std::size_t i = 0; i < test.rows(); ++i) {
        probabilities_of(asked.row(i), weights,
                         std::span(result.values).subspan(i * train.classes, train.classes));
    }
    return result;
}

}  // namespace tessera::baseline
