#include "predictions_fixture.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include <tessera/base/error.hpp>
#include <tessera/evaluate/scores.hpp>

namespace tessera::evaluate {
namespace {

// Three classes by hand: 4 x a, 2 x b, 0 x c; a,a,a right, one a called c; one b right, one called
// a.
Scores by_hand() {
    return grade(test::decided(3, {0, 0, 0, 0, 1, 1}, {0, 0, 0, 2, 1, 0}));
}

TEST(Scores, FollowTheirDefinitions) {
    auto const scores = by_hand();
    EXPECT_DOUBLE_EQ(scores.labels.accuracy, 4.0 / 6);
    EXPECT_DOUBLE_EQ(scores.labels.balanced_accuracy, (3.0 / 4 + 1.0 / 2) / 2);
    // F1: a 2*3/(4+4), b 2*1/(2+1), c 0.
    EXPECT_DOUBLE_EQ(scores.seen.macro.f1, (0.75 + 2.0 / 3 + 0) / 3);
    EXPECT_DOUBLE_EQ(scores.seen.weighted.f1, (4 * 0.75 + 2 * (2.0 / 3)) / 6);
    EXPECT_DOUBLE_EQ(scores.seen.micro.f1, 4.0 / 6);
    // kappa: chance = (4*4 + 2*1 + 0*1) / 36 = 1/2.
    EXPECT_NEAR(scores.labels.kappa, (4.0 / 6 - 0.5) / 0.5, 1e-15);
    EXPECT_NEAR(scores.labels.mcc, (4 * 6 - 18) / std::sqrt((36.0 - 18) * (36 - 20)), 1e-15);
}

TEST(Scores, AveragesOverSeenOrAllClasses) {
    auto const scores = grade(test::decided(4, {0, 1}, {0, 1}));
    EXPECT_EQ(scores.seen.per_class.size(), 2U);
    EXPECT_EQ(scores.all.per_class.size(), 4U);
    EXPECT_DOUBLE_EQ(scores.seen.macro.f1, 1.0);
    EXPECT_DOUBLE_EQ(scores.all.macro.f1, 0.5);
}

TEST(Scores, OneClassAndNoItemsAreNoFault) {
    auto const one = grade(test::decided(1, {0, 0}, {0, 0}));
    EXPECT_EQ(one.labels.accuracy, 1);
    EXPECT_EQ(one.labels.mcc, 0);
    EXPECT_EQ(one.labels.kappa, 0);
    auto const none = grade(test::decided(2, {}, {}));
    EXPECT_EQ(none.items, 0U);
    for (auto const& [name, value] : named_scores(none)) EXPECT_TRUE(std::isfinite(value)) << name;
}

TEST(Scores, RefuseWhatCannotBeGraded) {
    auto outside = test::decided(2, {0}, {1});
    outside.labels[0] = 2;
    EXPECT_THROW(grade(outside), base::Error);
    auto infinite = test::decided(2, {0}, {1});
    infinite.probabilities[0] = std::nanf("");
    EXPECT_THROW(grade(infinite), base::Error);
    auto ragged = test::decided(2, {0}, {1});
    ragged.probabilities.pop_back();
    EXPECT_THROW(grade(ragged), base::Error);
}

TEST(Scores, RankBreaksTiesTowardsTheLowerIndex) {
    std::vector<float> const row{0.25F, 0.5F, 0.25F};
    EXPECT_EQ(rank_of(row, 1), 0U);
    EXPECT_EQ(rank_of(row, 0), 1U);
    EXPECT_EQ(rank_of(row, 2), 2U);
}

TEST(Scores, CalibrationBinsAreOpenBelowAndClosedAbove) {
    for (std::size_t bin = 0; bin < calibration_bins; ++bin) {
        auto const upper = static_cast<double>(bin + 1) / 15;
        EXPECT_EQ(calibration_bin(upper), bin);
        EXPECT_EQ(calibration_bin(std::nextafter(upper, 2)), std::min(bin + 1, std::size_t{14}));
    }
    EXPECT_EQ(calibration_bin(0), 0U);
    EXPECT_EQ(calibration_bin(1.0000001), 14U);
}

}  // namespace
}  // namespace tessera::evaluate
