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

}  // namespace

void NearestNeighbours::add(std::span<std::int32_t const> features, std::int32_t label) {
    features_.insert(features_.end(), features.begin(), features.end());
    labels_.push_back(label);
}

std::vector<float> NearestNeighbours::shares(std::span<std::int32_t const> features) const {
    std::vector<float> result(classes_);
    if (labels_.empty()) return result;
    std::vector<Neighbour> all;
    all.reserve(labels_.size());
    for (std::size_t i = 0; i < labels_.size(); ++i) {
        all.push_back({distance(&features_[i * width_], features.data(), width_), labels_[i]});
    }
    auto const asked = std::min(neighbours_, all.size());
    auto const by_distance = [](Neighbour const& a, Neighbour const& b) {
        return a.distance < b.distance;
    };
    auto const last = all.begin() + static_cast<std::ptrdiff_t>(asked) - 1;
    std::nth_element(all.begin(), last, all.end(), by_distance);
    auto const edge = last->distance;
    auto const nearer =
        std::ranges::count_if(all, [&](auto const& n) { return n.distance < edge; });
    auto const ties = std::ranges::count_if(all, [&](auto const& n) { return n.distance == edge; });
    auto const votes = static_cast<float>(asked);
    auto const of_tie = (votes - static_cast<float>(nearer)) / static_cast<float>(ties);
    for (auto const& neighbour : all) {
        if (neighbour.distance > edge) continue;
        auto const vote = neighbour.distance < edge ? 1.0F : of_tie;
        result[static_cast<std::size_t>(neighbour.label)] += vote;
    }
    for (auto& share : result) share /= votes;
    return result;
}

}  // namespace tessera::baseline
