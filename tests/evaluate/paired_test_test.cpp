#include "example_report.hpp"

#include <array>
#include <fstream>

#include <gtest/gtest.h>
#include <scratch.hpp>

#include <tessera/base/error.hpp>
#include <tessera/evaluate/paired_test.hpp>

namespace tessera::evaluate {
namespace {

// Tails of the binomial distribution, by hand: 2 (1 + 10 + 45) / 1024 and 2 / 32.
TEST(SignTest, IsExact) {
    EXPECT_NEAR(two_sided_sign_test(2, 8), 112.0 / 1024, 1e-12);
    EXPECT_NEAR(two_sided_sign_test(5, 0), 2.0 / 32, 1e-12);
    EXPECT_EQ(two_sided_sign_test(4, 4), 1);
    EXPECT_EQ(two_sided_sign_test(0, 0), 1);
}

TEST(PairedTest, SeesABetterModelAndNoneWhereThereIsNone) {
    BootstrapConfig config;
    config.resamples = 500;
    auto const good = test::guesses(0.9, 1);
    auto const poor = test::guesses(0.4, 2);
    auto const test = paired_test(good, poor, config);
    EXPECT_EQ(test.items, 120U);
    EXPECT_GT(test.interval.low, 0);
    EXPECT_LT(test.p_macro_f1, 0.01);
    EXPECT_LT(test.p_accuracy, 0.001);
    EXPECT_GT(test.only_first_right, test.only_second_right);

    auto const same = paired_test(good, good, config);
    EXPECT_EQ(same.interval.low, 0);
    EXPECT_EQ(same.interval.high, 0);
    EXPECT_EQ(same.p_macro_f1, 1);
    EXPECT_EQ(same.only_first_right, 0U);
}

// 20 packets of one flow say no more than one: p would be 2 / 2^20 else.
TEST(PairedTest, PacketsOfAFlowHaveOneVote) {
    baseline::Predictions right;
    right.classes = {"a", "b"};
    right.captures = {"c"};
    auto wrong = right;
    for (int i = 0; i < 20; ++i) {
        right.add(0, 7, 0, std::array{0.9F, 0.1F});
        wrong.add(0, 7, 0, std::array{0.1F, 0.9F});
    }
    auto const test = paired_test(right, wrong, {});
    EXPECT_EQ(test.only_first_right, 1U);
    EXPECT_DOUBLE_EQ(test.p_accuracy, 1);
}

// 30 flows in 3 captures, of which the first is right about all: 2 / 2^30 by flows.
TEST(PairedTest, HasOneVoteForWhatTheBootstrapDraws) {
    baseline::Predictions right;
    right.classes = {"a", "b"};
    right.captures = {"x", "y", "z"};
    auto wrong = right;
    for (std::uint32_t i = 0; i < 30; ++i) {
        right.add(i % 3, i, 0, std::array{0.9F, 0.1F});
        wrong.add(i % 3, i, 0, std::array{0.1F, 0.9F});
    }
    BootstrapConfig config;
    config.cluster = Cluster::capture;
    auto const test = paired_test(right, wrong, config);
    EXPECT_EQ(test.cluster, Cluster::capture);
    EXPECT_EQ(test.captures, 3U);
    EXPECT_EQ(test.only_first_right, 3U);
    EXPECT_DOUBLE_EQ(test.p_accuracy, 2.0 / 8);
    EXPECT_EQ(paired_test(right, wrong, {}).only_first_right, 30U);
}

TEST(Caution, IsForFlowsAlone) {
    EXPECT_NE(caution(Cluster::flow, 4, "").find("4 captures"), std::string::npos);
    EXPECT_EQ(caution(Cluster::capture, 40, "\n"), "");
}

TEST(PairedTest, RefusesOtherItems) {
    auto const first = test::guesses(0.9, 1);
    auto second = first;
    second.flow[3] = 999;
    EXPECT_THROW(paired_test(first, second, {}), base::Error);
}

TEST(PredictionsCsv, ComesBack) {
    test::Scratch const scratch;
    auto const all = test::guesses(0.7, 3);  // class names with commas, quotes and a line end
    std::ofstream(scratch / "predictions.csv") << predictions_csv(all);
    auto const back = read_predictions_csv(scratch / "predictions.csv");
    ASSERT_EQ(back.size(), all.size());
    BootstrapConfig config;
    config.resamples = 10;
    auto const test = paired_test(all, back, config);
    EXPECT_EQ(test.only_first_right + test.only_second_right, 0U);
    EXPECT_EQ(test.first, test.second);
}

TEST(PredictionsCsv, SaysWhereItIsDamaged) {
    test::Scratch const scratch;
    std::ofstream(scratch / "a.csv") << "capture,flow,label,prediction,probability\nx,1,a,b\n";
    EXPECT_THROW(read_predictions_csv(scratch / "a.csv"), base::Error);
    std::ofstream(scratch / "b.csv") << "something,else\n";
    EXPECT_THROW(read_predictions_csv(scratch / "b.csv"), base::Error);
}

}  // namespace
}  // namespace tessera::evaluate
