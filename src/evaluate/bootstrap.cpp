#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include <tessera/base/random.hpp>
#include <tessera/evaluate/bootstrap.hpp>
#include <tessera/evaluate/label_scores.hpp>
#include <tessera/evaluate/scores.hpp>

namespace tessera::evaluate {

namespace {

using baseline::Predictions;

constexpr std::size_t fewest_captures = 20;

struct Decision {
    std::uint32_t label;
    std::uint32_t predicted;
};

/// Decisions gathered by cluster: those of cluster i are [offsets[i], offsets[i + 1]).
struct Clusters {
    std::vector<std::size_t> offsets{0};
    std::vector<Decision> decisions;

    std::size_t size() const { return offsets.size() - 1; }
};

Clusters gathered(Predictions const& predictions, Cluster cluster) {
    std::map<std::uint64_t, std::vector<Decision>> by_cluster;
    for (std::size_t i = 0; i < predictions.size(); ++i) {
        by_cluster[cluster_of(predictions, i, cluster)].push_back(
            {static_cast<std::uint32_t>(predictions.labels[i]),
             static_cast<std::uint32_t>(predictions.predicted[i])});
    }
    Clusters clusters;
    for (auto const& [key, decisions] : by_cluster) {
        clusters.decisions.insert(clusters.decisions.end(), decisions.begin(), decisions.end());
        clusters.offsets.push_back(clusters.decisions.size());
    }
    return clusters;
}

void draw(Clusters const& clusters, std::uint64_t seed, std::size_t resample,
          Confusion& confusion) {
    base::RandomStream random(seed, base::Purpose::bootstrap, 0, resample);
    confusion.clear();
    for (std::size_t i = 0; i < clusters.size(); ++i) {
        auto const drawn = random.below(clusters.size());
        for (auto at = clusters.offsets[drawn]; at < clusters.offsets[drawn + 1]; ++at) {
            confusion.add(clusters.decisions[at].label, clusters.decisions[at].predicted);
        }
    }
}

void keep(Replicates& replicates, Confusion const& confusion, std::size_t resample) {
    for (auto const& [name, value] : decision_scores(confusion)) {
        replicates.scores[name].push_back(value);
    }
    for (auto const& score : averages(confusion, LabelSet::seen).per_class) {
        replicates.class_f1[score.label][resample] = score.rates.f1;
    }
}

}  // namespace

char const* name(Cluster cluster) {
    return cluster == Cluster::flow ? "flow" : "capture";
}

std::uint64_t cluster_of(Predictions const& predictions, std::size_t item, Cluster cluster) {
    return cluster == Cluster::flow ? predictions.flow[item] : predictions.capture[item];
}

std::string caution(Cluster cluster, std::size_t captures, std::string const& before) {
    if (cluster == Cluster::capture) return {};
    return fmt::format(
        "{}Flows of one capture resemble each other and the test fold holds {} captures, so the "
        "true uncertainty is larger.",
        before, captures);
}

std::size_t captures_of(Predictions const& predictions) {
    return std::set(predictions.capture.begin(), predictions.capture.end()).size();
}

Replicates bootstrap(Predictions const& predictions, BootstrapConfig const& config) {
    auto const clusters = gathered(predictions, config.cluster);
    auto const nan = std::numeric_limits<double>::quiet_NaN();
    Replicates replicates;
    replicates.class_f1.assign(predictions.classes.size(),
                               std::vector<double>(config.resamples, nan));
    Confusion confusion(predictions.classes.size());
    for (std::size_t i = 0; i < config.resamples; ++i) {
        draw(clusters, config.seed, i, confusion);
        keep(replicates, confusion, i);
    }
    return replicates;
}

Interval interval(std::vector<double> values, double level) {
    std::erase_if(values, [](double value) { return !std::isfinite(value); });
    if (values.empty()) return {};
    std::sort(values.begin(), values.end());
    auto const quantile = [&](double share) {
        auto const place = share * static_cast<double>(values.size() - 1);
        auto const below = static_cast<std::size_t>(place);
        auto const above = std::min(below + 1, values.size() - 1);
        auto const part = place - std::floor(place);
        return values[below] + part * (values[above] - values[below]);
    };
    return {quantile((1 - level) / 2), quantile((1 + level) / 2)};
}

Interval around(double estimate, Interval const& range) {
    if (!std::isfinite(range.low)) return range;
    return {std::fmin(range.low, estimate), std::fmax(range.high, estimate)};
}

std::vector<double> difference(std::vector<double> const& first,
                               std::vector<double> const& second) {
    std::vector<double> gaps(std::min(first.size(), second.size()));
    for (std::size_t i = 0; i < gaps.size(); ++i) gaps[i] = first[i] - second[i];
    return gaps;
}

Cluster fitting_cluster(Predictions const& predictions) {
    std::map<std::int32_t, std::set<std::uint32_t>> captures_of;
    std::set<std::uint32_t> captures;
    for (std::size_t i = 0; i < predictions.size(); ++i) {
        captures.insert(predictions.capture[i]);
        captures_of[predictions.labels[i]].insert(predictions.capture[i]);
    }
    auto const spread = std::all_of(captures_of.begin(), captures_of.end(),
                                    [](auto const& entry) { return entry.second.size() > 1; });
    return spread && captures.size() >= fewest_captures ? Cluster::capture : Cluster::flow;
}

}  // namespace tessera::evaluate
