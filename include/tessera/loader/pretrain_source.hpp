#pragma once

#include <cstdint>
#include <vector>

#include <tessera/batch/pretrain_sample.hpp>
#include <tessera/loader/bursts.hpp>
#include <tessera/loader/sample_order.hpp>

namespace tessera::loader {

/// Pre-training batches as a pure function of (bursts, config, seed, position in the order).
/// The set outlives it; calls may come from several threads.
class PretrainSource {
  public:
    using Batch = batch::PretrainBatch;

    /// Error(usage) on a wrong config, Error(bad_input) when no two bursts are long enough.
    PretrainSource(BurstSet const& bursts, batch::PretrainDataConfig const& config,
                   std::uint64_t seed, Order order);

    std::uint64_t samples() const { return eligible_.size(); }

    /// Bursts left out because they are too short.
    std::uint64_t too_short() const { return bursts_.size() - eligible_.size(); }

    /// Samples at [first, first + count) of the order.
    Batch batch(std::uint64_t first, std::int64_t count) const;

    /// Mean share of ids that are no padding, estimated on `samples` samples from the start.
    double fill(std::int64_t samples) const;

  private:
    batch::PretrainSample sample_at(std::uint64_t position) const;
    std::uint64_t partner_of(std::uint64_t sample, base::RandomStream& random) const;
    std::size_t capped_half(std::uint64_t burst) const;

    BurstSet const& bursts_;
    batch::PretrainDataConfig config_;
    std::uint64_t seed_;
    Order order_;
    std::vector<std::uint64_t> eligible_;   // sample -> burst
    std::vector<std::uint64_t> by_length_;  // rank by half length -> sample
    std::vector<std::uint64_t> rank_;       // sample -> rank
};

}  // namespace tessera::loader
