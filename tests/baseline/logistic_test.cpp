#include <gtest/gtest.h>

#include <tessera/baseline/logistic.hpp>

namespace tessera::baseline {
namespace {

// One feature of two values leaves the model free to say each group's own shares, which are then
// the best answer; the penalty is far below what the data say.
TEST(Logistic, FindsTheSharesOfTwoGroups) {
    Matrix rows{1, {}};
    std::vector<std::int32_t> labels;
    for (int i = 0; i < 60; ++i) {
        rows.add(std::vector{i < 20 ? 5.0F : 9.0F});
        labels.push_back(i < 20 ? (i < 5 ? 0 : 1) : (i < 50 ? 2 : 0));
    }
    LogisticConfig config;
    config.penalty = 1e-6;
    config.steps = 5000;
    auto const shares = logistic_probabilities({rows, labels, 3}, {1, {5, 9}}, config);
    // The gradient's tolerance of 1e-4 leaves probabilities good to some thousandths.
    EXPECT_NEAR(shares.row(0)[0], 0.25, 5e-3);
    EXPECT_NEAR(shares.row(0)[1], 0.75, 5e-3);
    EXPECT_NEAR(shares.row(0)[2], 0, 5e-3);
    EXPECT_NEAR(shares.row(1)[0], 0.25, 5e-3);
    EXPECT_NEAR(shares.row(1)[2], 0.75, 5e-3);
}

// A penalty that outweighs the data leaves the free intercepts: the shares of all labels. What the
// four rows still say against it is some hundredths.
TEST(Logistic, IsHeldBackByItsPenalty) {
    Matrix const rows{2, {1, 3, 2, 3, 8, 3, 9, 3}};
    std::vector<std::int32_t> const labels{0, 0, 0, 1};
    auto const held = logistic_probabilities({rows, labels, 2}, rows, {200, 5000, 1e-6});
    auto const loose = logistic_probabilities({rows, labels, 2}, rows, {0.01, 5000, 1e-6});
    for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(held.row(i)[0], 0.75, 0.03);
    EXPECT_LT(loose.row(3)[0], 0.2);
}

TEST(LogScaled, KeepsSignAndOrder) {
    auto const scaled = log_scaled({1, {-1000, 0, 1000}});
    EXPECT_NEAR(scaled.values[2], 6.9088, 1e-4);  // ln 1001
    EXPECT_EQ(scaled.values[1], 0);
    EXPECT_EQ(scaled.values[0], -scaled.values[2]);
}

TEST(MatrixFirst, KeepsTheLeadingColumns) {
    Matrix const rows{3, {1, 2, 3, 4, 5, 6}};
    EXPECT_EQ(rows.first(2).values, (std::vector<float>{1, 2, 4, 5}));
    EXPECT_EQ(rows.first(9).width, 3U);
}

}  // namespace
}  // namespace tessera::baseline
