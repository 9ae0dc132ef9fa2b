#pragma once

#include <cstdint>

namespace tessera::dataset {

/// Which values of a set are looked at so that a table of them stays small: those whose hash a
/// power of two divides. The same values are chosen wherever they stand, so that shares of values
/// found on both sides stay right.
class HashSample {
  public:
    /// At most about `most` of `values` distinct values, all when there are no more.
    HashSample(std::uint64_t values, std::uint64_t most) {
        while (values / one_in_ > most) one_in_ *= 2;
    }

    bool holds(std::uint64_t hash) const { return hash % one_in_ == 0; }
    std::uint64_t one_in() const { return one_in_; }

  private:
    std::uint64_t one_in_ = 1;
};

}  // namespace tessera::dataset
