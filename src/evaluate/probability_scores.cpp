#include <algorithm>
#include <cmath>

#include <tessera/evaluate/probability_scores.hpp>

namespace tessera::evaluate {

namespace {

constexpr std::size_t deepest_rank = 5;

double log_loss_of(float probability) {
    constexpr double least = 1e-15;
    return -std::log(std::clamp(static_cast<double>(probability), least, 1 - least));
}

double squared_error(std::span<float const> row, std::size_t label) {
    double sum = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
        auto const error = static_cast<double>(row[i]) - (i == label ? 1.0 : 0.0);
        sum += error * error;
    }
    return sum;
}

/// Turns the sums of the bins into means and takes the calibration errors from them.
void finish_calibration(ProbabilityScores& scores, double items) {
    for (auto& bin : scores.calibration) {
        if (bin.items == 0) continue;
        auto const in_bin = static_cast<double>(bin.items);
        bin.confidence /= in_bin;
        bin.accuracy /= in_bin;
        auto const gap = std::abs(bin.accuracy - bin.confidence);
        scores.ece += in_bin / items * gap;
        scores.mce = std::max(scores.mce, gap);
    }
}

}  // namespace

std::size_t rank_of(std::span<float const> probabilities, std::size_t label) {
    std::size_t before = 0;
    for (std::size_t i = 0; i < probabilities.size(); ++i) {
        before += probabilities[i] > probabilities[label] ||
                  (probabilities[i] == probabilities[label] && i < label);
    }
    return before;
}

// Edges are k/15 in float64, as numpy.linspace(0, 1, 16) gives them.
std::size_t calibration_bin(double confidence) {
    constexpr auto bins = static_cast<double>(calibration_bins);
    auto bin = std::clamp(std::ceil(confidence * bins) - 1, 0.0, bins - 1);
    if (confidence > (bin + 1) / bins) ++bin;
    if (bin > 0 && confidence <= bin / bins) --bin;
    return static_cast<std::size_t>(std::min(bin, bins - 1));
}

ProbabilityScores probability_scores(baseline::Predictions const& predictions) {
    ProbabilityScores scores;
    scores.calibration.resize(calibration_bins);
    scores.top_k.resize(std::min(deepest_rank, predictions.classes.size()));
    auto const items = static_cast<double>(predictions.size());
    for (std::size_t i = 0; i < predictions.size(); ++i) {
        auto const row = predictions.row(i);
        auto const label = static_cast<std::size_t>(predictions.labels[i]);
        scores.log_loss += log_loss_of(row[label]);
        scores.brier += squared_error(row, label);
        auto const confidence = static_cast<double>(*std::max_element(row.begin(), row.end()));
        auto& bin = scores.calibration[calibration_bin(confidence)];
        ++bin.items;
        bin.confidence += confidence;
        bin.accuracy += predictions.predicted[i] == predictions.labels[i] ? 1 : 0;
        for (auto k = rank_of(row, label); k < scores.top_k.size(); ++k) scores.top_k[k] += 1;
    }
    if (predictions.size() == 0) return scores;
    scores.log_loss /= items;
    scores.brier /= items;
    for (auto& share : scores.top_k) share /= items;
    finish_calibration(scores, items);
    return scores;
}

}  // namespace tessera::evaluate
