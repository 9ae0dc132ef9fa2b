#include "axis.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tessera::report {
namespace {

std::vector<std::string> labels(Axis const& axis) {
    std::vector<std::string> texts;
    for (auto const tick : axis.ticks()) texts.push_back(axis.label(tick));
    return texts;
}

TEST(Axis, PlacesRoundTicksAroundTheRange) {
    Axis const axis(0.03, 0.97, Scale::linear, 5);
    EXPECT_THAT(labels(axis), testing::ElementsAre("0", "0.2", "0.4", "0.6", "0.8", "1.0"));
    EXPECT_DOUBLE_EQ(axis.place(0), 0);
    EXPECT_DOUBLE_EQ(axis.place(1), 1);
    EXPECT_DOUBLE_EQ(axis.place(0.25), 0.25);
}

TEST(Axis, ShortensLargeAndSmallNumbers) {
    EXPECT_THAT(labels(Axis(0, 50'000, Scale::linear, 5)),
                testing::ElementsAre("0", "10k", "20k", "30k", "40k", "50k"));
    EXPECT_THAT(labels(Axis(0, 6e-5, Scale::linear, 3)),
                testing::ElementsAre("0", "2e-5", "4e-5", "6e-5"));
    EXPECT_EQ(short_number(2'500'000, 0), "2.5M");
    EXPECT_EQ(short_number(-3.25, 1), "-3.2");
}

TEST(Axis, SpansNegativeAndConstantValues) {
    EXPECT_THAT(labels(Axis(-1, 1, Scale::linear, 4)),
                testing::ElementsAre("-1.0", "-0.5", "0", "0.5", "1.0"));
    Axis const constant(3, 3, Scale::linear, 4);
    EXPECT_GT(constant.place(3), 0);
    EXPECT_LT(constant.place(3), 1);
    EXPECT_GE(constant.ticks().size(), 2U);
}

TEST(Axis, CountsDecadesOnALogScale) {
    Axis const axis(0.02, 900, Scale::log, 5);
    EXPECT_THAT(labels(axis), testing::ElementsAre("0.01", "0.1", "1", "10", "100", "1000"));
    EXPECT_NEAR(axis.place(0.1), 0.2, 1e-12);
    EXPECT_THAT(labels(Axis(1, 9, Scale::log, 5)), testing::ElementsAre("1", "2", "5", "10"));
}

}  // namespace
}  // namespace tessera::report
