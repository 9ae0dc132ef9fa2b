#include <algorithm>
#include <cmath>

#include <tessera/base/error.hpp>
#include <tessera/baseline/predictions.hpp>

namespace tessera::baseline {

namespace {

using base::ExitCode;

template <class T>
bool in_range(T value, std::size_t count) {
    return value >= T{0} && static_cast<std::size_t>(value) < count;
}

void check_item(Predictions const& all, std::size_t item) {
    auto const row = all.row(item);
    auto const fits = in_range(all.labels[item], all.classes.size()) &&
                      in_range(all.predicted[item], all.classes.size()) &&
                      in_range(all.capture[item], all.captures.size()) &&
                      std::all_of(row.begin(), row.end(), [](float p) { return std::isfinite(p); });
    base::validate(fits, ExitCode::failed,
                   "prediction {} of {} cannot be graded: label {}, prediction {} of {} classes, "
                   "or a probability that is not finite; the model is broken",
                   item, all.size(), all.labels[item], all.predicted[item], all.classes.size());
}

}  // namespace

std::int32_t most_likely(std::span<float const> values) {
    return static_cast<std::int32_t>(std::max_element(values.begin(), values.end()) -
                                     values.begin());
}

void Predictions::add(std::uint32_t capture_index, std::uint64_t flow_index, std::int32_t label,
                      std::span<float const> row) {
    capture.push_back(capture_index);
    flow.push_back(flow_index);
    labels.push_back(label);
    predicted.push_back(most_likely(row));
    probabilities.insert(probabilities.end(), row.begin(), row.end());
}

void check(Predictions const& predictions) {
    auto const n = predictions.size();
    auto const match = !predictions.classes.empty() && predictions.predicted.size() == n &&
                       predictions.capture.size() == n && predictions.flow.size() == n &&
                       predictions.probabilities.size() == n * predictions.classes.size();
    base::validate(match, ExitCode::failed,
                   "predictions of {} items and {} classes do not fit together: a fault of the "
                   "program",
                   n, predictions.classes.size());
    for (std::size_t item = 0; item < n; ++item) check_item(predictions, item);
}

}  // namespace tessera::baseline
