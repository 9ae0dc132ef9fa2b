#include <cmath>

#include <gtest/gtest.h>

#include <tessera/base/random.hpp>
#include <tessera/evaluate/rejection.hpp>

namespace tessera::evaluate {
namespace {

/// Items with the given confidence in class 0, right or wrong.
baseline::Predictions sure(std::vector<std::pair<float, bool>> const& items) {
    baseline::Predictions all;
    all.classes = {"a", "b"};
    all.captures = {"one.pcap"};
    for (auto const& [confidence, is_right] : items) {
        all.add(0, all.size(), is_right ? 0 : 1, std::vector{confidence, 1 - confidence});
    }
    return all;
}

TEST(Auroc, CountsPairsTiesHalf) {
    std::vector<double> const high{0.9, 0.8, 0.5};
    std::vector<double> const low{0.5, 0.1};
    EXPECT_DOUBLE_EQ(auroc(high, low), 5.5 / 6);
    EXPECT_DOUBLE_EQ(auroc(low, high), 0.5 / 6);
    EXPECT_TRUE(std::isnan(auroc(high, {})));
}

// The definition, pair by pair, on values with many ties.
TEST(Auroc, AgreesWithCountingEveryPair) {
    base::RandomStream random(5, base::Purpose::test, 0, 0);
    std::vector<double> high;
    std::vector<double> low;
    for (int i = 0; i < 200; ++i) high.push_back(static_cast<double>(random.below(12)));
    for (int i = 0; i < 150; ++i) low.push_back(static_cast<double>(random.below(9)));
    double won = 0;
    for (auto const a : high) {
        for (auto const b : low) won += a > b ? 1 : a == b ? 0.5 : 0;
    }
    EXPECT_DOUBLE_EQ(auroc(high, low), won / (200 * 150));
}

TEST(FalsePositives, AreCountedAtTheThresholdThatKeeps95Percent) {
    std::vector<double> known;
    for (int i = 1; i <= 20; ++i) known.push_back(i / 20.0);  // 19 of 20 are 0.1 or more
    std::vector<double> const unknown{0.05, 0.09, 0.1, 0.7};
    EXPECT_DOUBLE_EQ(false_positives_at_95(known, unknown), 0.5);
}

TEST(Rejection, HoldsTheLeastCertainBackFirst) {
    auto const result =
        rejection(sure({{0.9F, true}, {0.6F, false}, {0.8F, true}, {0.7F, true}, {0.55F, false}}));
    EXPECT_DOUBLE_EQ(result.auroc_of_errors, 1);
    ASSERT_EQ(result.curve.size(), 5U);
    EXPECT_DOUBLE_EQ(result.curve.front().coverage, 1);
    EXPECT_DOUBLE_EQ(result.curve.front().accuracy, 0.6);
    EXPECT_DOUBLE_EQ(result.curve[2].coverage, 0.6);
    EXPECT_DOUBLE_EQ(result.curve[2].accuracy, 1);
    EXPECT_FLOAT_EQ(static_cast<float>(result.curve[2].threshold), 0.7F);
}

TEST(Rejection, CannotPartEqualConfidence) {
    auto const result = rejection(sure({{0.9F, true}, {0.9F, false}, {0.9F, true}}));
    ASSERT_EQ(result.curve.size(), 1U);
    EXPECT_DOUBLE_EQ(result.curve[0].coverage, 1);
    EXPECT_DOUBLE_EQ(result.auroc_of_errors, 0.5);
}

TEST(Rejection, CurveStaysShort) {
    std::vector<std::pair<float, bool>> items;
    for (int i = 0; i < 1000; ++i) items.emplace_back(0.5F + 0.0004F * static_cast<float>(i), true);
    auto const result = rejection(sure(items));
    EXPECT_EQ(result.curve.size(), 40U);
    EXPECT_DOUBLE_EQ(result.curve.front().coverage, 1);
}

TEST(UnknownClasses, AreToldByConfidence) {
    auto const known = sure({{0.9F, true}, {0.8F, false}});
    auto const unknown = sure({{0.85F, false}, {0.6F, false}});
    auto const result = unknown_classes({"tor"}, known, unknown);
    EXPECT_EQ(result.known_items, 2U);
    EXPECT_EQ(result.unknown_items, 2U);
    EXPECT_DOUBLE_EQ(result.auroc, 0.75);
    EXPECT_DOUBLE_EQ(result.false_positives_at_95, 0.5);
}

}  // namespace
}  // namespace tessera::evaluate
