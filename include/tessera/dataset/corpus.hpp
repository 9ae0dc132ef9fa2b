#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <tessera/dataset/store.hpp>

namespace tessera::dataset {

/// How much of a test fold stands in what a model was pre-trained on, by hash of tokens. Flows and
/// packets without tokens do not count.
struct CorpusOverlap {
    std::uint64_t flows = 0;
    std::uint64_t flows_in_corpus = 0;  ///< a whole flow of equal tokens stands there
    std::uint64_t packets = 0;
    std::uint64_t packets_in_corpus = 0;
};

/// `flows` of `store` against `corpus_flows` of `corpus`, which may be the same store.
/// Error(bad_input) when the two stores' tokens were cut under different settings.
CorpusOverlap corpus_overlap(Store const& store, std::span<std::uint64_t const> flows,
                             Store const& corpus, std::span<std::uint64_t const> corpus_flows);

}  // namespace tessera::dataset
