#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <tessera/baseline/predictions.hpp>

namespace tessera::evaluate {

/// Area under the ROC curve: how often a positive has the higher score, ties half (Hanley and
/// McNeil 1982). NaN when either side is empty.
double auroc(std::span<double const> positives, std::span<double const> negatives);

/// Share of the negatives above the threshold that keeps at least 95 % of the positives. NaN when
/// either side is empty.
double false_positives_at_95(std::span<double const> positives, std::span<double const> negatives);

/// What is answered, and how well, when answers below a confidence are held back as unknown.
struct RejectionPoint {
    double threshold = 0;  ///< least confidence that is answered
    double coverage = 0;   ///< share of items answered
    double accuracy = 0;   ///< of those
};

/// How well the model knows what it does not know; confidence is the largest probability.
struct Rejection {
    double auroc_of_errors = 0;         ///< right answers against wrong ones
    std::vector<RejectionPoint> curve;  ///< coverage from all down, at most 41 points
};

Rejection rejection(baseline::Predictions const& predictions);

/// Confidence in items of known classes against items of classes that were never learnt.
struct UnknownClasses {
    std::vector<std::string> classes;
    std::uint64_t known_items = 0;
    std::uint64_t unknown_items = 0;
    double auroc = 0;
    double false_positives_at_95 = 0;  ///< unknown items taken for known at 95 % known answered
};

UnknownClasses unknown_classes(std::vector<std::string> classes, baseline::Predictions const& known,
                               baseline::Predictions const& unknown);

}  // namespace tessera::evaluate
