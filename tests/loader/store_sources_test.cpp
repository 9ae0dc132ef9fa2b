#include "made_flows.hpp"
#include "scratch.hpp"

#include <map>

#include <gtest/gtest.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/batch/special.hpp>
#include <tessera/loader/bursts.hpp>
#include <tessera/loader/classifier_source.hpp>
#include <tessera/loader/pretrain_source.hpp>

namespace tessera::loader {
namespace {

using namespace test;

class StoreSources : public testing::Test {
  protected:
    static dataset::Store made_store(std::filesystem::path const& folder) {
        std::filesystem::create_directory(folder);
        write_store(base::local_files(), folder, random_units(4, 2, 60), three_classes());
        return dataset::open_store(folder);
    }

    static std::vector<std::uint64_t> all_flows(dataset::Store const& store) {
        std::vector<std::uint64_t> flows(store.flows());
        for (std::uint64_t i = 0; i < flows.size(); ++i) flows[i] = i;
        return flows;
    }

    Scratch scratch_;
    dataset::Store store_ = made_store(scratch_ / "store");
};

TEST_F(StoreSources, AFoldHoldsTheBurstsOfItsFlowsAndNoOthers) {
    dataset::SplitConfig config;
    config.by = "flow";
    auto const split = dataset::make_split(store_, config);
    std::uint64_t together = 0;
    for (auto const fold : {dataset::Fold::train, dataset::Fold::valid, dataset::Fold::test,
                            dataset::Fold::excluded}) {
        StoreBursts const bursts(store_, split, fold);
        std::uint64_t expected = 0;
        for (auto const flow : split.flows(fold)) expected += store_.flow(flow).bursts;
        EXPECT_EQ(bursts.size(), expected);
        together += bursts.size();
    }
    EXPECT_EQ(together, store_.bursts());
    StoreBursts const train(store_, split, dataset::Fold::train);
    auto const first = store_.flow(split.flows(dataset::Fold::train).front()).first_burst;
    EXPECT_EQ(train.tokens(0).data(), store_.burst(first).tokens.data());
}

TEST_F(StoreSources, PretrainingRunsOverAStore) {
    StoreBursts const bursts(store_);
    EXPECT_EQ(bursts.size(), store_.bursts());
    PretrainSource const source(bursts, {}, 1, Order::shuffled);
    EXPECT_GT(source.samples(), 100U);
    auto const batch = source.batch(0, 16);
    EXPECT_EQ(batch.size(), 16);
    EXPECT_GT(batch.masked_count, 0);
    EXPECT_LE(batch.tokens.max().item<std::int64_t>(), batch::bigram_vocabulary - 1);
}

TEST_F(StoreSources, FlowLevelUnitsAreLabelledFlowsWithTokens) {
    batch::ClassifierDataConfig const config;
    ClassifierSource const source(store_, all_flows(store_), 0, config, 1, Order::plain);
    std::uint64_t expected = 0;
    std::uint64_t unlabelled = 0;
    for (std::uint64_t flow = 0; flow < store_.flows(); ++flow) {
        auto const labelled = store_.label(flow, 0) != dataset::no_label;
        unlabelled += labelled ? 0U : 1U;
        expected += labelled && !store_.flow(flow).tokens.empty() ? 1U : 0U;
    }
    EXPECT_EQ(source.samples(), expected);
    EXPECT_EQ(source.unlabelled_flows(), unlabelled);
    auto const batch = source.batch(0, static_cast<std::int64_t>(source.samples()));
    EXPECT_EQ(batch.labelled, batch.size());
    for (std::uint64_t sample = 0; sample < source.samples(); ++sample) {
        auto const& unit = source.unit(sample);
        auto const row = static_cast<std::int64_t>(sample);
        EXPECT_EQ(batch.labels[row].item<std::int32_t>(), store_.label(unit.flow, 0));
        auto const packet = store_.packet(store_.flow(unit.flow).first_packet);
        if (packet.tokens.empty()) continue;
        EXPECT_EQ(batch.tokens[row][1].item<std::int64_t>(),
                  packet.tokens[0] + batch::token_offset);
    }
}

TEST_F(StoreSources, PacketLevelUnitsAreSinglePacketsUpToTheLimit) {
    batch::ClassifierDataConfig config;
    config.level = "packet";
    config.packets_per_flow = 3;
    ClassifierSource const source(store_, all_flows(store_), 0, config, 1, Order::shuffled);
    std::map<std::uint64_t, int> of_flow;
    for (std::uint64_t sample = 0; sample < source.samples(); ++sample) {
        auto const& unit = source.unit(sample);
        EXPECT_EQ(unit.packets, 1U);
        EXPECT_FALSE(store_.packet(unit.first_packet).tokens.empty());
        EXPECT_LE(++of_flow[unit.flow], 3);
    }
    auto const batch = source.batch(source.samples(), 4);  // the second epoch
    EXPECT_EQ(batch.size(), 4);
}

TEST_F(StoreSources, PacketsOfALeakySplitAreThoseOfTheFold) {
    auto const is_even = [](std::uint64_t packet) { return packet % 2 == 0; };
    batch::ClassifierDataConfig config;
    EXPECT_THROW(ClassifierSource(store_, all_flows(store_), 0, config, 1, Order::plain, is_even),
                 base::Error)
        << "a flow has no side of its own";
    config.level = "packet";
    ClassifierSource const half(store_, all_flows(store_), 0, config, 1, Order::plain, is_even);
    for (std::uint64_t i = 0; i < half.samples(); ++i) {
        EXPECT_EQ(half.unit(i).first_packet % 2, 0U);
    }
    ClassifierSource const whole(store_, all_flows(store_), 0, config, 1, Order::plain);
    EXPECT_LT(half.samples(), whole.samples());
}

TEST_F(StoreSources, ShuffledLabelsChangePlacesBetweenFlows) {
    batch::ClassifierDataConfig config;
    config.level = "packet";
    ClassifierSource const plain(store_, all_flows(store_), 0, config, 1, Order::plain);
    ClassifierSource shuffled(store_, all_flows(store_), 0, config, 1, Order::plain);
    shuffled.shuffle_labels();
    std::map<std::uint64_t, std::int32_t> before;
    std::map<std::uint64_t, std::int32_t> after;
    for (std::uint64_t i = 0; i < plain.samples(); ++i) {
        before.emplace(plain.unit(i).flow, plain.unit(i).label);
        after.emplace(shuffled.unit(i).flow, shuffled.unit(i).label);
        EXPECT_EQ(after.at(shuffled.unit(i).flow), shuffled.unit(i).label) << "one label a flow";
    }
    std::map<std::int32_t, int> surplus;
    std::size_t kept = 0;
    for (auto const& [flow, label] : before) {
        ++surplus[label];
        --surplus[after.at(flow)];
        kept += label == after.at(flow) ? 1U : 0U;
    }
    for (auto const& [label, count] : surplus) EXPECT_EQ(count, 0) << label;
    EXPECT_LT(kept, before.size() * 3 / 4);
}

TEST_F(StoreSources, FlowsWithoutAnyLabelAreRefused) {
    std::vector<std::uint64_t> unlabelled;
    for (auto const flow : all_flows(store_)) {
        if (store_.label(flow, 0) == dataset::no_label) unlabelled.push_back(flow);
    }
    EXPECT_THROW(ClassifierSource(store_, unlabelled, 0, {}, 1, Order::plain), base::Error);
}

}  // namespace
}  // namespace tessera::loader
