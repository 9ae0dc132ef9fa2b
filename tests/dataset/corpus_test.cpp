#include "made_flows.hpp"
#include "scratch.hpp"

#include <numeric>

#include <gtest/gtest.h>

#include <tessera/base/error.hpp>
#include <tessera/dataset/corpus.hpp>

namespace tessera {
namespace {

std::vector<std::uint64_t> all_of(dataset::Store const& store) {
    std::vector<std::uint64_t> flows(store.flows());
    std::iota(flows.begin(), flows.end(), std::uint64_t{0});
    return flows;
}

dataset::Store store_of(test::Scratch const& scratch, std::vector<test::MadeUnit> const& units) {
    test::write_store(base::local_files(), scratch.path(), units, test::three_classes());
    return dataset::open_store(scratch.path());
}

TEST(CorpusOverlap, FindsWhatWasPutThere) {
    test::Scratch const here;
    test::Scratch const there;
    auto const tested = test::random_units(3, 1, 50);
    auto corpus = test::random_units(4, 1, 50);
    for (std::size_t i = 0; i < 7; ++i) corpus[0].flows.push_back(tested[0].flows[i]);
    auto const store = store_of(here, tested);
    auto const pretraining = store_of(there, corpus);
    std::uint64_t with_tokens = 0;
    for (std::uint64_t i = 0; i < 7; ++i) with_tokens += store.flow(i).tokens.empty() ? 0U : 1U;

    auto const overlap =
        dataset::corpus_overlap(store, all_of(store), pretraining, all_of(pretraining));
    EXPECT_EQ(overlap.flows_in_corpus, with_tokens);
    EXPECT_GE(overlap.packets_in_corpus, with_tokens);
    EXPECT_LT(overlap.packets_in_corpus, overlap.packets / 2);

    std::vector<std::uint64_t> const none;
    auto const apart = dataset::corpus_overlap(store, all_of(store), pretraining, none);
    EXPECT_EQ(apart.flows_in_corpus + apart.packets_in_corpus, 0U);
    EXPECT_EQ(apart.packets, overlap.packets);
    auto const itself = dataset::corpus_overlap(store, all_of(store), store, all_of(store));
    EXPECT_EQ(itself.flows_in_corpus, itself.flows);
    EXPECT_EQ(itself.packets_in_corpus, itself.packets);
}

}  // namespace
}  // namespace tessera
