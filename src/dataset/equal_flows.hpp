#pragma once

#include "hash_sample.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include <tessera/dataset/cleaning.hpp>
#include <tessera/dataset/store.hpp>

namespace tessera::dataset {

/// Finds for each flow the first one that equals it. A hash finds candidates, their content
/// decides.
class EqualFlows {
  public:
    /// Flows that the sample does not hold are passed over.
    EqualFlows(Store const& store, Alike alike, HashSample sample)
        : store_(store), alike_(alike), sample_(sample) {}

    /// The first of the flows added so far that equals this one; the flow itself when it is new;
    /// none when it has nothing to go by or is passed over.
    std::optional<std::uint64_t> add(std::uint64_t flow);

  private:
    /// All that decides whether flows are equal, as bytes.
    std::string image(std::uint64_t flow) const;

    Store const& store_;
    Alike alike_;
    HashSample sample_;
    std::unordered_multimap<std::uint64_t, std::uint64_t> firsts_;  // by hash of the image
};

}  // namespace tessera::dataset
