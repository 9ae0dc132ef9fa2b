#pragma once

#include <cstdint>
#include <functional>
#include <optional>
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
    std::uint64_t test_flows = 0;  ///< labelled
    Likes tokens;                  ///< all tokens of the whole flow are equal
    Likes sizes;                   ///< sizes and directions of the first 30 packets are
    std::optional<Likes> input;    ///< all that the model reads is equal; none without a model
    /// Test flows, by store index, counted in `input`, or in `tokens` where there is no model.
    std::unordered_set<std::uint64_t> known;
};

/// Hash of what a model reads of a flow of the store; none where it reads nothing.
using InputHash = std::function<std::optional<std::uint64_t>(std::uint64_t flow)>;

/// `input` empty: no model, so whole flows decide what is known.
Duplicates duplicates(dataset::Store const& store, dataset::Split const& split,
                      std::size_t label_set, InputHash const& input = {});

}  // namespace tessera::evaluate
