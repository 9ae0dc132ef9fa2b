#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <tessera/baseline/predictions.hpp>

namespace tessera::evaluate {

inline constexpr std::size_t calibration_bins = 15;  // Guo et al. 2017

/// Items whose largest probability lies in (b/15, (b+1)/15].
struct CalibrationBin {
    std::uint64_t items = 0;
    double confidence = 0;  ///< mean of the largest probability
    double accuracy = 0;
};

/// Scores of the probabilities, in float64.
struct ProbabilityScores {
    double log_loss = 0;  ///< nats; probabilities clipped to [1e-15, 1 - 1e-15]
    double brier = 0;     ///< mean over items of the sum over classes of squared error: 0 .. 2
    double ece = 0;       ///< expected calibration error over the bins
    double mce = 0;       ///< largest gap of a bin
    std::vector<CalibrationBin> calibration;  ///< [15]
    std::vector<double> top_k;  ///< [min(C, 5)] share of items with the label among the k best
};

/// Ties of top-k go to the lower class index, so that top-1 is the accuracy.
ProbabilityScores probability_scores(baseline::Predictions const& predictions);

/// How many classes come before the label, ties to the lower index: 0 when it is the best.
std::size_t rank_of(std::span<float const> probabilities, std::size_t label);

/// Bin of a confidence; 0 and below go to the first, above 1 to the last.
std::size_t calibration_bin(double confidence);

}  // namespace tessera::evaluate
