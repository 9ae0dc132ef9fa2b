#include "lr_schedule.hpp"

#include <array>

#include <gtest/gtest.h>

#include <tessera/base/error.hpp>

namespace tessera::train {
namespace {

TEST(LrSchedule, FollowsTheReferenceWithTenStepsAndOneOfWarmUp) {
    LrSchedule const schedule{.peak = 1e-3, .warmup_fraction = 0.1, .steps = 10};
    EXPECT_EQ(schedule.at(0), 0);
    for (int step = 1; step < 10; ++step)
        EXPECT_NEAR(schedule.at(step), 1e-3 * (10 - step) / 9.0, 1e-18) << step;
}

// 6 steps with a warm-up of 0.6 of a step: the peak is never reached.
TEST(LrSchedule, KeepsAWarmUpThatIsAFractionOfAStep) {
    LrSchedule const schedule{.peak = 1e-3, .warmup_fraction = 0.1, .steps = 6};
    std::array const expected{0.0, 5 / 5.4, 4 / 5.4, 3 / 5.4, 2 / 5.4, 1 / 5.4};
    for (std::size_t step = 0; step < expected.size(); ++step)
        EXPECT_NEAR(schedule.at(static_cast<std::int64_t>(step)), 1e-3 * expected[step], 1e-18);
}

TEST(LrSchedule, CosineAndConstantEndWhereTheyShould) {
    LrSchedule schedule{
        .peak = 1, .minimum = 0.1, .warmup_fraction = 0, .style = DecayStyle::cosine, .steps = 100};
    EXPECT_DOUBLE_EQ(schedule.at(0), 1);
    EXPECT_DOUBLE_EQ(schedule.at(50), 0.55);
    EXPECT_DOUBLE_EQ(schedule.at(100), 0.1);
    EXPECT_DOUBLE_EQ(schedule.at(200), 0.1);
    schedule.style = DecayStyle::constant;
    EXPECT_DOUBLE_EQ(schedule.at(99), 1);
}

TEST(LrSchedule, RefusesUnknownShapes) {
    EXPECT_THROW(decay_style("square"), base::Error);
}

}  // namespace
}  // namespace tessera::train
