#pragma once

#include <cstdint>
#include <unordered_set>

#include <tessera/dataset/split.hpp>
#include <tessera/dataset/store.hpp>

namespace tessera::evaluate {

/// Labelled test flows whose like stands in the train fold.
struct Likes {
    std::uint64_t flows = 0;
    std::uint64_t of_another_class = 0;  ///< .. where training has it under other classes only
};

struct Duplicates {
    std::uint64_t test_flows = 0;             ///< labelled
    Likes tokens;                             ///< all tokens of the flow are equal
    Likes sizes;                              ///< sizes and directions of the first 30 packets are
    std::unordered_set<std::uint64_t> known;  ///< test flows counted in `tokens`, by store index
};

Duplicates duplicates(dataset::Store const& store, dataset::Split const& split,
                      std::size_t label_set);

}  // namespace tessera::evaluate
