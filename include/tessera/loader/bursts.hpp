#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <tessera/dataset/split.hpp>
#include <tessera/dataset/store.hpp>

namespace tessera::loader {

/// Bursts of tokens by number: what pre-training wants of a store. Calls may come from several
/// threads.
class BurstSet {
  public:
    virtual ~BurstSet() = default;
    virtual std::uint64_t size() const = 0;
    virtual std::span<std::uint16_t const> tokens(std::uint64_t burst) const = 0;
};

/// The bursts of some flows of a store; the store outlives it.
class StoreBursts final : public BurstSet {
  public:
    /// All flows.
    explicit StoreBursts(dataset::Store const& store);

    /// The flows of one fold.
    StoreBursts(dataset::Store const& store, dataset::Split const& split, dataset::Fold fold);

    std::uint64_t size() const override { return bursts_.size(); }
    std::span<std::uint16_t const> tokens(std::uint64_t burst) const override;

  private:
    void add_flow(std::uint64_t flow);

    dataset::Store const& store_;
    std::vector<std::uint64_t> bursts_;  // indices in the store
};

}  // namespace tessera::loader
