#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <tessera/comm/communicator.hpp>

namespace tessera::train {

/// Sums of losses and counts over micro-batches and ranks. Kept in 64-bit fixed point with 20 bits
/// behind the point, so they come out the same in any order and on any number of ranks; room for
/// 8.7e12, resolution 1e-6. A value that is not finite, or too large, is told by `finite`.
class ExactSums {
  public:
    ExactSums() = default;
    explicit ExactSums(std::size_t size) : units_(size + 1) {}

    /// Goes on with the sums of `units()`.
    static ExactSums from_units(std::vector<std::int64_t> units);

    std::size_t size() const { return units_.size() - 1; }

    void add(std::size_t index, double value);
    ExactSums& operator+=(ExactSums const& other);

    /// The sums over all ranks, on every rank. Collective.
    void reduce(comm::Communicator const& comm);

    double operator[](std::size_t index) const;

    bool finite() const { return units_.back() == 0; }

    /// The sums in units of 2^-20, then the number of values that were not finite.
    std::vector<std::int64_t> const& units() const { return units_; }

  private:
    std::vector<std::int64_t> units_ = std::vector<std::int64_t>(1);
};

}  // namespace tessera::train
