#include "objective.hpp"

#include <algorithm>
#include <limits>

namespace tessera::train {

double metric(Metrics const& metrics, std::string_view name) {
    auto const found = std::ranges::find(metrics, name, &Metrics::value_type::first);
    return found == metrics.end() ? std::numeric_limits<double>::quiet_NaN() : found->second;
}

}  // namespace tessera::train
