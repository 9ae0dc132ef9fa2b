#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <tessera/evaluate/confusion.hpp>

namespace tessera::evaluate {

/// Precision, recall and their harmonic mean; 0 where a denominator is 0.
struct Rates {
    double precision = 0;
    double recall = 0;
    double f1 = 0;
};

struct ClassScore {
    std::size_t label = 0;
    Rates rates;
    std::uint64_t support = 0;    ///< items of this class
    std::uint64_t predicted = 0;  ///< items called this class
};

/// Which classes an average runs over: those that occur as label or prediction (what
/// scikit-learn does when it is told nothing), or all that the model knows. They differ when a
/// class is missing from the test fold.
enum class LabelSet { seen, all };

struct Averages {
    Rates macro;     ///< mean over classes
    Rates weighted;  ///< mean over classes, weighted by support
    Rates micro;     ///< over pooled counts
    std::vector<ClassScore> per_class;
};

/// Scores of hard decisions; definitions as in scikit-learn 1.9.
struct LabelScores {
    double accuracy = 0;
    double balanced_accuracy = 0;           ///< mean recall of the classes that occur as label
    double balanced_accuracy_adjusted = 0;  ///< the same, 0 at chance and 1 at best
    double mcc = 0;    ///< Matthews correlation, multi-class (Gorodkin 2004); 0 when undefined
    double kappa = 0;  ///< Cohen's kappa, unweighted; 0 when undefined
};

LabelScores label_scores(Confusion const& confusion);

Averages averages(Confusion const& confusion, LabelSet over);

}  // namespace tessera::evaluate
