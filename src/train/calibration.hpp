#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tessera::train {

/// What is known of a finished classifier's confidence from data that it did not learn from.
struct Calibration {
    double temperature = 1;    ///< logits are divided by it before the softmax (Guo 2017)
    double unknown_below = 0;  ///< answers less probable than this are called unknown
};

/// Temperature with the least cross-entropy over logits [N, classes], row by row, of samples of
/// these labels; then the threshold that a twentieth of the right answers falls below. Samples
/// without a label (-1) count for nothing; without any the result is that of no calibration.
Calibration calibrate(std::span<float const> logits, std::span<std::int64_t const> labels,
                      std::size_t classes);

}  // namespace tessera::train
