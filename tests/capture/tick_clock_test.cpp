#include "tick_clock.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace tessera::capture {

namespace {

constexpr auto most_ticks = std::numeric_limits<std::uint64_t>::max();
constexpr auto latest = std::numeric_limits<base::Nanoseconds>::max();
constexpr auto earliest = std::numeric_limits<base::Nanoseconds>::min();

}  // namespace

TEST(TickClock, DecimalTicks) {
    EXPECT_EQ(TickClock()(1'700'000'000'000'001), 1'700'000'000'000'001'000);
    EXPECT_EQ(TickClock(0)(3), 3'000'000'000);
    EXPECT_EQ(TickClock(9)(12'345), 12'345);
    EXPECT_EQ(TickClock(12)(12'345), 12);
    EXPECT_EQ(TickClock(28)(most_ticks), 1);  // 18 digits are left of 10^19.3
    EXPECT_EQ(TickClock(29)(most_ticks), 0);
    EXPECT_EQ(TickClock(127)(most_ticks), 0);
}

TEST(TickClock, BinaryTicks) {
    EXPECT_EQ(TickClock(0x80)(2), 2'000'000'000);
    EXPECT_EQ(TickClock(0x80 | 20)(1U << 19U), 500'000'000);
    EXPECT_EQ(TickClock(0x80 | 32)(1ULL << 33U), 2'000'000'000);
    EXPECT_EQ(TickClock(0x80 | 64)(most_ticks), 999'999'999);
    EXPECT_EQ(TickClock(0x80 | 127)(most_ticks), 0);
}

TEST(TickClock, Offset) {
    EXPECT_EQ(TickClock(6, 10)(1), 10'000'001'000);
    EXPECT_EQ(TickClock(6, -10)(1), -9'999'999'000);
}

TEST(TickClock, WhatDoesNotFitBecomesTheNearestThatDoes) {
    EXPECT_EQ(TickClock(0)(most_ticks), latest);
    EXPECT_EQ(TickClock(0x80)(most_ticks), latest);
    EXPECT_EQ(TickClock(6, std::numeric_limits<std::int64_t>::min())(0), earliest);
    EXPECT_EQ(TickClock(6, std::numeric_limits<std::int64_t>::max())(most_ticks), latest);
    EXPECT_EQ(TickClock(9, 9'223'372'036)(most_ticks), latest);
}

}  // namespace tessera::capture
