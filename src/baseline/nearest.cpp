#include <algorithm>
#include <cstdlib>

#include <tessera/baseline/nearest.hpp>

namespace tessera::baseline {

namespace {

struct Neighbour {
    std::int32_t distance;
    std::int32_t label;
};

std::int32_t distance(std::int32_t const* a, std::int32_t const* b, std::size_t width) {
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < width; ++i) sum += std::abs(a[i] - b[i]);
    return sum;
}

/// Keeps `nearest` sorted and at most `limit` long; a tie goes behind what is already there.
void keep(std::vector<Neighbour>& nearest, Neighbour const& candidate, std::size_t limit) {
    auto const at = std::upper_bound(
        nearest.begin(), nearest.end(), candidate,
        [](Neighbour const& a, Neighbour const& b) { return a.distance < b.distance; });
    nearest.insert(at, candidate);
    if (nearest.size() > limit) nearest.pop_back();
}

}  // namespace

void NearestNeighbours::add(std::span<std::int32_t const> features, std::int32_t label) {
    features_.insert(features_.end(), features.begin(), features.end());
    labels_.push_back(label);
}

std::vector<float> NearestNeighbours::shares(std::span<std::int32_t const> features) const {
    std::vector<Neighbour> nearest;
    for (std::size_t i = 0; i < labels_.size(); ++i) {
        auto const far = distance(&features_[i * width_], features.data(), width_);
        if (nearest.size() < neighbours_ || far < nearest.back().distance) {
            keep(nearest, {far, labels_[i]}, neighbours_);
        }
    }
    std::vector<float> result(classes_);
    for (auto const& neighbour : nearest) result[static_cast<std::size_t>(neighbour.label)] += 1;
    for (auto& share : result)
        share /= static_cast<float>(std::max<std::size_t>(nearest.size(), 1));
    return result;
}

}  // namespace tessera::baseline
