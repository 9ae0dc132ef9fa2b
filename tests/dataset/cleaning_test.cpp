#include "made_flows.hpp"
#include "scratch.hpp"

#include <map>
#include <set>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/dataset/split.hpp>

namespace tessera {
namespace {

using dataset::Alike;
using dataset::Fold;

/// One packet of these bytes, and its answer.
flow::Flow exchange(std::uint8_t client, std::vector<std::uint8_t> const& bytes,
                    std::uint32_t answer_size, base::Nanoseconds time = 0) {
    auto flow = test::flow_between(test::endpoint_v4(client, 5000), test::endpoint_v4(200, 53));
    test::add_packet(flow, flow::Direction::forward, time, bytes, 60);
    test::add_packet(flow, flow::Direction::backward, time + 1000, {1, 2, 3}, answer_size);
    return flow;
}

class CleaningTest : public testing::Test {
  protected:
    dataset::Store store_of(std::vector<test::MadeUnit> const& units) {
        test::write_store(base::local_files(), scratch_.path(), units, test::three_classes());
        return dataset::open_store(scratch_.path());
    }

    // Twice the same packets at other times; the same tokens between other ends under another
    // class, and without one; the same sizes alone; something else.
    dataset::Store store_of_equals() {
        test::MadeUnit unit{{"a.pcap"}, {}};
        unit.flows = {
            {exchange(1, {1, 2, 3}, 70), 0, {0}}, {exchange(1, {1, 2, 3}, 70, 999), 0, {0}},
            {exchange(2, {1, 2, 3}, 70), 0, {1}}, {exchange(3, {1, 2, 3}, 70), 0, {-1}},
            {exchange(4, {7, 8, 9}, 70), 0, {2}}, {exchange(5, {1, 2, 3}, 71), 0, {0}}};
        return store_of({unit});
    }

    test::Scratch scratch_;
};

std::vector<std::uint64_t> left(std::vector<Fold> const& folds) {
    std::vector<std::uint64_t> flows;
    for (std::uint64_t i = 0; i < folds.size(); ++i) {
        if (folds[i] != Fold::excluded) flows.push_back(i);
    }
    return flows;
}

TEST_F(CleaningTest, LeavesOutAllButTheFirstOfEqualFlows) {
    auto const store = store_of_equals();
    std::map<std::string, std::vector<std::uint64_t>> const kept{
        {"bytes", {0, 2, 3, 4, 5}}, {"input", {0, 4}}, {"sequence", {0, 5}}};
    for (auto const& [kind, expected] : kept) {
        std::vector folds(store.flows(), Fold::train);
        auto const stages = dataset::clean(store, {.leave_out_duplicates = {kind}}, 0, 1, folds);
        EXPECT_EQ(left(folds), expected) << kind;
        ASSERT_EQ(stages.size(), 1U);
        EXPECT_EQ(stages[0].name, "duplicates_" + kind);
        EXPECT_EQ(stages[0].flows_in, 6U);
        EXPECT_EQ(stages[0].flows_out, expected.size());
    }
}

TEST_F(CleaningTest, OfEqualFlowsOneWithALabelStays) {
    test::MadeUnit unit{{"a.pcap"}, {}};
    unit.flows = {{exchange(1, {1, 2, 3}, 70), 0, {-1}},
                  {exchange(2, {1, 2, 3}, 70), 0, {1}},
                  {exchange(3, {1, 2, 3}, 70), 0, {0}},
                  {exchange(4, {7, 8, 9}, 71), 0, {-1}},
                  {exchange(5, {7, 8, 9}, 71), 0, {-1}}};
    auto const store = store_of({unit});
    std::vector folds(store.flows(), Fold::train);
    auto const stages = dataset::clean(store, {.leave_out_duplicates = {"input"}}, 0, 1, folds);
    EXPECT_EQ(left(folds), (std::vector<std::uint64_t>{1, 3}));
    EXPECT_EQ(stages.at(0).flows_out, 2U);
}

TEST_F(CleaningTest, CountsEqualFlowsAndConflictsOfTheirLabels) {
    auto const store = store_of_equals();
    auto const input = dataset::count_duplicates(store, Alike::input, 0);
    EXPECT_EQ(input.flows, 6U);
    EXPECT_EQ(input.duplicates, 4U);
    EXPECT_EQ(input.labelled, 5U);
    EXPECT_EQ(input.conflicting, 4U);   // flows 0, 1, 2 and 5: classes 0, 0, 1, 0
    EXPECT_EQ(input.beyond_reach, 1U);  // flow 2
    EXPECT_DOUBLE_EQ(input.conflict_rate(), 0.8);
    EXPECT_DOUBLE_EQ(input.ceiling(), 0.8);
    auto const bytes = dataset::count_duplicates(store, Alike::bytes, 0);
    EXPECT_EQ(bytes.duplicates, 1U);
    EXPECT_EQ(bytes.conflicting, 0U);
    auto const sequence = dataset::count_duplicates(store, Alike::sequence, 0);
    EXPECT_EQ(sequence.duplicates, 4U);
    EXPECT_EQ(sequence.conflicting, 4U);   // flows 0, 1, 2 and 4
    EXPECT_EQ(sequence.beyond_reach, 2U);  // flows 2 and 4
}

TEST_F(CleaningTest, ShortFlowsGoFirst) {
    auto short_flow = test::flow_between(test::endpoint_v4(9, 5000), test::endpoint_v4(200, 53));
    test::add_packet(short_flow, flow::Direction::forward, 0, {1}, 60);
    test::MadeUnit unit{{"a.pcap"}, {{short_flow, 0, {1}}, {exchange(1, {1, 2}, 70), 0, {0}}}};
    auto const store = store_of({unit});
    std::vector folds(store.flows(), Fold::test);
    auto const stages = dataset::clean(store, {.min_packets = 2, .class_cap = 1}, 0, 1, folds);
    EXPECT_EQ(left(folds), std::vector<std::uint64_t>{1});
    ASSERT_EQ(stages.size(), 2U);
    EXPECT_EQ(stages[0].left_out, (std::map<std::string, std::uint64_t>{{"shell", 1}}));
    EXPECT_EQ(stages[1].flows_in, 1U);
    EXPECT_EQ(stages[1].flows_out, 1U);
}

TEST_F(CleaningTest, CapsHoldInEveryClassAndCapture) {
    auto const store = store_of(test::random_units(3, 2, 200));
    std::vector folds(store.flows(), Fold::train);
    dataset::clean(store, {.capture_cap = 7, .class_cap = 25}, 0, 1, folds);
    std::map<std::int32_t, int> of_class;
    std::map<std::pair<std::uint64_t, std::int32_t>, int> of_capture;
    for (auto const flow : left(folds)) {
        ++of_class[store.label(flow, 0)];
        ++of_capture[{store.flow(flow).capture, store.label(flow, 0)}];
    }
    EXPECT_EQ(of_class.size(), 4U);  // three classes and none
    for (auto const& [label, flows] : of_class) EXPECT_EQ(flows, 25) << label;
    for (auto const& [group, flows] : of_capture) EXPECT_LE(flows, 7);
}

TEST_F(CleaningTest, ACapInTrainTouchesNoOtherFold) {
    auto const store = store_of(test::random_units(3, 2, 200));
    std::vector<Fold> folds;
    for (std::uint64_t i = 0; i < store.flows(); ++i) {
        folds.push_back(i % 3 == 0 ? Fold::test : Fold::train);
    }
    auto const before = folds;
    dataset::clean(store, {.class_cap = 10, .cap_in = "train"}, 0, 1, folds);
    for (std::uint64_t i = 0; i < store.flows(); ++i) {
        if (before[i] == Fold::test) {
            EXPECT_EQ(folds[i], Fold::test);
        }
    }
    EXPECT_EQ(std::count(folds.begin(), folds.end(), Fold::train), 40);
}

TEST_F(CleaningTest, WhichFlowsACapKeepsGoesByTheSeed) {
    auto const store = store_of(test::random_units(3, 2, 200));
    std::set<std::vector<std::uint64_t>> kept;
    for (std::uint64_t const seed : {1U, 1U, 2U}) {
        std::vector folds(store.flows(), Fold::train);
        dataset::clean(store, {.class_cap = 25}, 0, seed, folds);
        kept.insert(left(folds));
    }
    EXPECT_EQ(kept.size(), 2U);
}

TEST_F(CleaningTest, ASplitKeepsItsFoldsAndComesBackFromItsFile) {
    auto const store = store_of(test::random_units(3, 2, 200));
    dataset::SplitConfig config;
    auto const whole = dataset::make_split(store, config);
    config.cleaning = {
        .min_packets = 3, .leave_out_duplicates = {"bytes", "sequence"}, .class_cap = 50};
    auto split = dataset::make_split(store, config);
    EXPECT_EQ(split.cleaned.size(), 4U);
    EXPECT_EQ(split.duplicates.size(), 3U);
    for (std::uint64_t i = 0; i < store.flows(); ++i) {
        if (split.fold_of(i) == Fold::excluded) continue;
        EXPECT_EQ(split.fold_of(i), whole.fold_of(i));
    }
    EXPECT_EQ(split.cleaned.back().flows_out, 200U);
    dataset::publish_split(base::local_files(), store, split);
    auto const loaded = dataset::load_split(store, "default");
    EXPECT_EQ(loaded.folds(), split.folds());
    EXPECT_EQ(dataset::to_json(store, loaded), dataset::to_json(store, split));
}

TEST_F(CleaningTest, SettingsWithoutSenseAreRefused) {
    auto const store = store_of_equals();
    std::vector folds(store.flows(), Fold::train);
    for (auto const& config :
         {dataset::CleaningConfig{.min_packets = 0},
          dataset::CleaningConfig{.leave_out_duplicates = {"payload"}},
          dataset::CleaningConfig{.class_cap = -1}, dataset::CleaningConfig{.cap_in = "test"}}) {
        EXPECT_THROW(dataset::clean(store, config, 0, 1, folds), base::Error);
    }
    dataset::SplitConfig leaky;
    leaky.by = "leaky-legacy";
    leaky.cleaning.class_cap = 5;
    EXPECT_THROW(dataset::make_split(store, leaky), base::Error);
}

}  // namespace
}  // namespace tessera
