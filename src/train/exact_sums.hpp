#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include <torch/types.h>

#include <tessera/comm/communicator.hpp>

namespace tessera::train {

/// Sums of losses and counts over micro-batches and ranks. Kept in 64-bit fixed point with 20 bits
/// behind the point, so they come out the same in any order and on any number of ranks; room for
/// 8.7e12, resolution 1e-6. A value that is not finite, or too large, is told by `finite`.
///
/// Values that a GPU has yet to compute are taken down and read by `settle`, so that a step does
/// not wait for them; until then they are in no sum.
class ExactSums {
  public:
    /// Adds values to the sums.
    using Use = std::function<void(ExactSums&, std::span<float const>)>;

    ExactSums() = default;
    explicit ExactSums(std::size_t size) : units_(size + 1) {}

    /// Goes on with the sums of `units()`.
    static ExactSums from_units(std::vector<std::int64_t> units);

    std::size_t size() const { return units_.size() - 1; }

    void add(std::size_t index, double value);

    /// `use` gets `values` [n] float32: at once where they lie on the host, else in `settle`.
    void add(at::Tensor const& values, Use use);

    /// Reads what is still on a device; waits for it.
    void settle();

    ExactSums& operator+=(ExactSums const& other);

    /// The sums over all ranks, settled, on every rank. Collective.
    void reduce(comm::Communicator const& comm);

    double operator[](std::size_t index) const;

    bool finite() const { return units_.back() == 0; }

    /// The sums in units of 2^-20, then the number of values that were not finite.
    std::vector<std::int64_t> const& units() const { return units_; }

  private:
    struct Later {
        at::Tensor values;
        Use use;
    };

    std::vector<Later> later_;
    std::vector<std::int64_t> units_ = std::vector<std::int64_t>(1);
};

}  // namespace tessera::train
