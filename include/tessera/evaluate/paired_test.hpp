#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include <tessera/baseline/predictions.hpp>
#include <tessera/evaluate/bootstrap.hpp>

namespace tessera::evaluate {

/// Two models on the same items.
struct PairedTest {
    std::size_t items = 0;
    double first = 0;                 ///< macro-F1
    double second = 0;                ///< macro-F1
    Interval interval;                ///< of first - second, by drawing the same clusters for both
    double p_macro_f1 = 1;            ///< two-sided, from the same draws
    Cluster cluster = Cluster::flow;  ///< drawn whole, and with one vote in what follows
    std::size_t captures = 0;         ///< that the items come from
    std::uint64_t only_first_right = 0;   ///< clusters of which it has more items right
    std::uint64_t only_second_right = 0;  ///< the same of the second
    double p_accuracy = 1;  ///< two-sided exact sign test over clusters: of flows McNemar's (1947)
};

/// Error(bad_input) when the two were not graded on the same items with the same labels.
PairedTest paired_test(baseline::Predictions const& first, baseline::Predictions const& second,
                       BootstrapConfig const& config);

/// Chance that a fair coin falls as unevenly as `heads` to `tails`, or more so, either way.
double two_sided_sign_test(std::uint64_t heads, std::uint64_t tails);

/// The decisions that `predictions_csv` wrote, each as certain; `classes` are those of the file in
/// order of name. Error(bad_input) names file and line.
baseline::Predictions read_predictions_csv(std::filesystem::path const& file);

}  // namespace tessera::evaluate
