#pragma once

#include <string>
#include <utility>
#include <vector>

#include <tessera/baseline/predictions.hpp>
#include <tessera/evaluate/confusion.hpp>
#include <tessera/evaluate/label_scores.hpp>
#include <tessera/evaluate/probability_scores.hpp>

namespace tessera::evaluate {

/// Everything one set of predictions is graded by.
struct Scores {
    std::size_t items = 0;
    Confusion confusion{0};
    LabelScores labels;
    Averages seen;  ///< over classes that occur: the headline's macro-F1 is seen.macro.f1
    Averages all;   ///< over all classes of the model
    ProbabilityScores probabilities;
};

Scores grade(baseline::Predictions const& predictions);

/// A score by its name in report.json.
using NamedScore = std::pair<std::string, double>;

/// The scores that depend on hard decisions only, in the order of the report.
std::vector<NamedScore> decision_scores(Confusion const& confusion);

/// All single-valued scores, in the order of the report.
std::vector<NamedScore> named_scores(Scores const& scores);

}  // namespace tessera::evaluate
