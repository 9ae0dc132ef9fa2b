#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace tessera::classify {

/// Durations in bins a twentieth apart, so that any number of them takes 4 kB. 1 us to 30 minutes.
class Latency {
  public:
    void add(double seconds);

    std::uint64_t count() const { return count_; }

    /// The duration that `share` of all do not exceed, to 5 %; 0 when there are none.
    double quantile(double share) const;

  private:
    std::array<std::uint64_t, 512> bins_{};
    std::uint64_t count_ = 0;
};

}  // namespace tessera::classify
