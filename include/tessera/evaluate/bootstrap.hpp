#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <tessera/baseline/predictions.hpp>
#include <tessera/evaluate/confusion.hpp>

namespace tessera::evaluate {

/// What is drawn as a whole, since its items are alike.
enum class Cluster { flow, capture };

char const* name(Cluster cluster);

/// Which cluster an item is of.
std::uint64_t cluster_of(baseline::Predictions const& predictions, std::size_t item,
                         Cluster cluster);

/// What a reader must know of intervals and tests that take flows for independent, after `before`;
/// empty for whole captures.
std::string caution(Cluster cluster, std::size_t captures, std::string const& before);

/// Captures that the items come from.
std::size_t captures_of(baseline::Predictions const& predictions);

struct BootstrapConfig {
    std::size_t resamples = 1000;
    std::uint64_t seed = 1;
    double level = 0.95;
    Cluster cluster = Cluster::flow;
};

struct Interval {
    double low = std::numeric_limits<double>::quiet_NaN();
    double high = std::numeric_limits<double>::quiet_NaN();
};

/// Scores of resampled test folds, one value a resample; a class that a resample lacks leaves NaN.
struct Replicates {
    std::map<std::string, std::vector<double>> scores;  ///< name: [resamples]
    std::vector<std::vector<double>> class_f1;          ///< [C][resamples]
};

/// Cluster bootstrap (Davison and Hinkley 1997, 3.8): whole flows or captures are drawn with
/// replacement, as many as there are, and the decision scores taken again. Resample r is a pure
/// function of (seed, r, number of clusters), so the same configuration gives the same bits, and
/// two models on one fold see the same draws.
Replicates bootstrap(baseline::Predictions const& predictions, BootstrapConfig const& config);

/// The percentile interval of the finite values, interpolated linearly; NaN when there are none.
Interval interval(std::vector<double> values, double level);

/// The interval with its estimate inside. Where classes are rare many a resample lacks some, and
/// the mean over those that it has may lie beyond the estimate always.
Interval around(double estimate, Interval const& range);

/// Values of `first` minus those of `second`, resample by resample: the two were drawn alike.
std::vector<double> difference(std::vector<double> const& first, std::vector<double> const& second);

/// Captures when the fold has at least 20 of them and two or more for each class that occurs, so
/// that drawing whole captures keeps classes in; flows otherwise.
Cluster fitting_cluster(baseline::Predictions const& predictions);

}  // namespace tessera::evaluate
