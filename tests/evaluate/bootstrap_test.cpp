#include "predictions_fixture.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include <tessera/base/random.hpp>
#include <tessera/evaluate/bootstrap.hpp>
#include <tessera/evaluate/scores.hpp>

namespace tessera::evaluate {
namespace {

/// 400 items of two classes, each right with probability 0.8.
baseline::Predictions noisy() {
    base::RandomStream random(3, base::Purpose::test, 0, 0);
    std::vector<std::int32_t> labels;
    std::vector<std::int32_t> predicted;
    for (int i = 0; i < 400; ++i) {
        labels.push_back(i % 2);
        predicted.push_back(random.uniform() < 0.8 ? i % 2 : 1 - i % 2);
    }
    return test::decided(2, labels, predicted);
}

TEST(Bootstrap, GivesTheSameBitsForTheSameSeed) {
    auto const predictions = noisy();
    BootstrapConfig config{200, 7, 0.95, Cluster::flow};
    auto const first = bootstrap(predictions, config).scores;
    EXPECT_EQ(first, bootstrap(predictions, config).scores);
    config.seed = 8;
    EXPECT_NE(first, bootstrap(predictions, config).scores);
}

// For independent items the width is known: 2 x 1.96 sqrt(p (1 - p) / n).
TEST(Bootstrap, HasTheWidthOfTheBinomial) {
    auto const predictions = noisy();
    auto const p = grade(predictions).labels.accuracy;
    auto const replicates = bootstrap(predictions, {2000, 1, 0.95, Cluster::flow});
    auto const found = interval(replicates.scores.at("accuracy"), 0.95);
    auto const reach = 1.96 * std::sqrt(p * (1 - p) / 400);
    EXPECT_NEAR(found.low, p - reach, 0.15 * reach);
    EXPECT_NEAR(found.high, p + reach, 0.15 * reach);
}

// 20 packets that are all right or all wrong together tell no more than one: the interval over
// flows is sqrt(20) times as wide as that of independent packets.
TEST(Bootstrap, DrawsWholeFlows) {
    auto alike = noisy();
    for (std::size_t i = 0; i < alike.size(); ++i) {
        auto const first = i / 20 * 20;
        alike.labels[i] = alike.labels[first];
        alike.predicted[i] = alike.predicted[first];
        alike.flow[i] = i / 20;
    }
    auto const p = grade(alike).labels.accuracy;
    auto const replicates = bootstrap(alike, {2000, 1, 0.95, Cluster::flow});
    auto const found = interval(replicates.scores.at("accuracy"), 0.95);
    EXPECT_NEAR(found.high - found.low, 2 * 1.96 * std::sqrt(p * (1 - p) / 20), 0.06);
}

TEST(Bootstrap, LeavesOutAClassThatAResampleLacks) {
    auto const rare = test::decided(2, {0, 0, 0, 0, 0, 0, 0, 1}, {0, 0, 0, 0, 0, 0, 0, 1});
    auto const replicates = bootstrap(rare, {300, 1, 0.95, Cluster::flow});
    auto const& values = replicates.class_f1[1];
    EXPECT_TRUE(std::any_of(values.begin(), values.end(), [](double v) { return std::isnan(v); }));
    auto const found = interval(values, 0.95);
    EXPECT_EQ(found.low, 1);
    EXPECT_EQ(found.high, 1);
}

TEST(Bootstrap, IntervalInterpolatesBetweenValues) {
    auto const found = interval({4, 1, 3, 2, std::nan(""), 5}, 0.5);
    EXPECT_DOUBLE_EQ(found.low, 2);
    EXPECT_DOUBLE_EQ(found.high, 4);
    auto const narrow = interval({0, 1}, 0.5);
    EXPECT_DOUBLE_EQ(narrow.low, 0.25);
    EXPECT_DOUBLE_EQ(narrow.high, 0.75);
    EXPECT_TRUE(std::isnan(interval({}, 0.95).low));
}

TEST(Bootstrap, AnIntervalHoldsItsEstimate) {
    auto const range = around(0.3, {0.4, 0.6});
    EXPECT_EQ(range.low, 0.3);
    EXPECT_EQ(range.high, 0.6);
    EXPECT_EQ(around(0.7, {0.4, 0.6}).high, 0.7);
    EXPECT_EQ(around(0.5, {0.4, 0.6}).low, 0.4);
    EXPECT_TRUE(std::isnan(around(0.5, {}).low));
}

TEST(Bootstrap, DrawsTwoModelsOnOneFoldAlike) {
    auto const model = noisy();
    BootstrapConfig const config{50, 1, 0.95, Cluster::flow};
    auto const one = bootstrap(model, config).scores.at("accuracy");
    auto const two = bootstrap(model, config).scores.at("accuracy");
    for (auto const gap : difference(one, two)) EXPECT_EQ(gap, 0);
}

TEST(Bootstrap, TakesCapturesOnlyWhenThereAreEnough) {
    auto predictions = noisy();
    EXPECT_EQ(fitting_cluster(predictions), Cluster::flow);
    for (std::size_t i = 0; i < predictions.size(); ++i) {
        predictions.capture[i] = static_cast<std::uint32_t>(i / 16);
    }
    EXPECT_EQ(fitting_cluster(predictions), Cluster::capture);
    for (std::size_t i = 0; i < predictions.size(); ++i) {
        predictions.labels[i] = predictions.capture[i] == 0 ? 0 : 1;
    }
    EXPECT_EQ(fitting_cluster(predictions), Cluster::flow) << "class 0 stands in one capture";
}

}  // namespace
}  // namespace tessera::evaluate
