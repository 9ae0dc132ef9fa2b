#pragma once

#include <cstddef>
#include <vector>

#include <tessera/baseline/matrix.hpp>

namespace tessera::baseline {

struct LogisticConfig {
    double penalty = 1;       ///< half this times the squared weights is added to the summed loss
    std::size_t steps = 300;  ///< most steps
    double tolerance = 1e-4;  ///< ends when no entry of the mean gradient is larger
};

/// Multinomial logistic regression with L2 penalty (intercepts are free), fitted by accelerated
/// gradient steps of fixed length (Nesterov 1983). Each column is first brought to mean 0 and
/// deviation 1 over `train`. Says for each row of `test` how likely each class is. [rows, C]
Matrix logistic_probabilities(LabelledRows const& train, Matrix const& test,
                              LogisticConfig const& config = {});

/// sign(x) log(1 + |x|) of every value: sizes and times spread over decades, and a linear rule
/// wants them side by side.
Matrix log_scaled(Matrix features);

}  // namespace tessera::baseline
