#include <algorithm>
#include <cmath>

#include <tessera/classify/latency.hpp>

namespace tessera::classify {
namespace {

constexpr double shortest = 1e-6;  // s
double const step = std::log(1.05);

}  // namespace

void Latency::add(double seconds) {
    auto const place = std::log(std::max(seconds, shortest) / shortest) / step;
    auto const bin = std::min(static_cast<std::size_t>(std::ceil(place)), bins_.size() - 1);
    ++bins_[bin];
    ++count_;
}

double Latency::quantile(double share) const {
    if (count_ == 0) return 0;
    auto const wanted = std::max(1.0, std::ceil(share * static_cast<double>(count_)));
    double seen = 0;
    std::size_t bin = 0;
    for (; bin + 1 < bins_.size(); ++bin) {
        seen += static_cast<double>(bins_[bin]);
        if (seen >= wanted) break;
    }
    return shortest * std::exp(step * static_cast<double>(bin));
}

}  // namespace tessera::classify
