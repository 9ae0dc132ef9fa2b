#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tessera::baseline {

/// k nearest neighbours by L1 distance, exact: every query meets every reference.
class NearestNeighbours {
  public:
    NearestNeighbours(std::size_t classes, std::size_t width, std::size_t neighbours)
        : classes_(classes), width_(width), neighbours_(neighbours) {}

    /// Adds a reference; `features` has `width` values, each below 2^31 / width in size.
    void add(std::span<std::int32_t const> features, std::int32_t label);

    /// Share of each class among the nearest references (all of them when there are fewer than
    /// `neighbours`); those at the distance of the last share the votes that are left, so no order
    /// decides. [C]
    std::vector<float> shares(std::span<std::int32_t const> features) const;

    std::size_t size() const { return labels_.size(); }

  private:
    std::size_t classes_;
    std::size_t width_;
    std::size_t neighbours_;
    std::vector<std::int32_t> features_;  // [n, width]
    std::vector<std::int32_t> labels_;    // [n]
};

}  // namespace tessera::baseline
