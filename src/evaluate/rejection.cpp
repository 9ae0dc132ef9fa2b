#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <tessera/evaluate/rejection.hpp>

namespace tessera::evaluate {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t steps = 40;

double confidence(baseline::Predictions const& predictions, std::size_t item) {
    auto const row = predictions.row(item);
    return static_cast<double>(*std::max_element(row.begin(), row.end()));
}

std::vector<double> confidences(baseline::Predictions const& predictions) {
    std::vector<double> values;
    for (std::size_t i = 0; i < predictions.size(); ++i) {
        values.push_back(confidence(predictions, i));
    }
    return values;
}

/// (confidence, right), most confident first.
std::vector<std::pair<double, bool>> in_order(baseline::Predictions const& predictions) {
    std::vector<std::pair<double, bool>> items;
    for (std::size_t i = 0; i < predictions.size(); ++i) {
        items.emplace_back(confidence(predictions, i),
                           predictions.labels[i] == predictions.predicted[i]);
    }
    std::stable_sort(items.begin(), items.end(),
                     [](auto const& a, auto const& b) { return a.first > b.first; });
    return items;
}

}  // namespace

double auroc(std::span<double const> positives, std::span<double const> negatives) {
    if (positives.empty() || negatives.empty()) return nan;
    std::vector<double> sorted(negatives.begin(), negatives.end());
    std::sort(sorted.begin(), sorted.end());
    double won = 0;
    for (auto const value : positives) {
        auto const [first, last] = std::equal_range(sorted.begin(), sorted.end(), value);
        won += static_cast<double>(first - sorted.begin()) + static_cast<double>(last - first) / 2;
    }
    return won / (static_cast<double>(positives.size()) * static_cast<double>(negatives.size()));
}

double false_positives_at_95(std::span<double const> positives, std::span<double const> negatives) {
    if (positives.empty() || negatives.empty()) return nan;
    std::vector<double> sorted(positives.begin(), positives.end());
    std::sort(sorted.begin(), sorted.end(), std::greater<>());
    auto const kept =
        static_cast<std::size_t>(std::ceil(0.95 * static_cast<double>(sorted.size()) - 1e-9));
    auto const threshold = sorted[std::max<std::size_t>(kept, 1) - 1];
    auto const above = std::count_if(negatives.begin(), negatives.end(),
                                     [&](double value) { return value >= threshold; });
    return static_cast<double>(above) / static_cast<double>(negatives.size());
}

Rejection rejection(baseline::Predictions const& predictions) {
    auto const items = in_order(predictions);
    Rejection result;
    std::vector<double> right;
    std::vector<double> wrong;
    for (auto const& [value, is_right] : items) (is_right ? right : wrong).push_back(value);
    result.auroc_of_errors = auroc(right, wrong);

    double correct = 0;
    std::size_t next = 1;  // of `steps` shares of the items
    for (std::size_t i = 0; i < items.size(); ++i) {
        correct += items[i].second ? 1 : 0;
        auto const answered = i + 1;
        auto const tied = answered < items.size() && items[answered].first == items[i].first;
        if (tied || answered * steps < next * items.size()) continue;
        auto const count = static_cast<double>(answered);
        result.curve.push_back(
            {items[i].first, count / static_cast<double>(items.size()), correct / count});
        while (next * items.size() <= answered * steps) ++next;
    }
    std::reverse(result.curve.begin(), result.curve.end());
    return result;
}

UnknownClasses unknown_classes(std::vector<std::string> classes, baseline::Predictions const& known,
                               baseline::Predictions const& unknown) {
    auto const in = confidences(known);
    auto const out = confidences(unknown);
    return {std::move(classes), known.size(), unknown.size(), auroc(in, out),
            false_positives_at_95(in, out)};
}

}  // namespace tessera::evaluate
