#pragma once

#include <cstdint>
#include <vector>

#include <tessera/baseline/matrix.hpp>

namespace tessera::baseline {

/// Many deep trees side by side (Breiman 2001), or shallow ones that correct each other (Friedman
/// 2001).
enum class Ensemble { forest, boosted };

struct TreeConfig {
    Ensemble ensemble = Ensemble::boosted;
    std::int64_t trees = 100;  ///< a class: in the forest, or rounds of boosting
    std::uint64_t seed = 1;
};

/// Whether this build has XGBoost, which grows the trees.
bool has_trees();

/// Fits on `train` and says for each row of `test` how likely each class is. One thread and a fixed
/// seed: the same numbers each time. Error(environment) in a build without XGBoost. [rows, C]
Matrix tree_probabilities(LabelledRows const& train, Matrix const& test, TreeConfig const& config);

}  // namespace tessera::baseline
