#include <gtest/gtest.h>

#include <tessera/flow/elapsed.hpp>

namespace tessera::flow {
namespace {

constexpr auto earliest = std::numeric_limits<base::Nanoseconds>::min();
constexpr auto latest = std::numeric_limits<base::Nanoseconds>::max();

TEST(Elapsed, IsTheDifference) {
    EXPECT_EQ(elapsed(5, 12), 7);
    EXPECT_EQ(elapsed(12, 5), -7);
    EXPECT_EQ(elapsed(earliest, earliest), 0);
}

TEST(Elapsed, Saturates) {
    EXPECT_EQ(elapsed(earliest, latest), latest);
    EXPECT_EQ(elapsed(latest, earliest), earliest);
    EXPECT_EQ(elapsed(-2, latest), latest);
}

TEST(Timeout, IsReachedAtItsLength) {
    Timeout const timeout(1.000000001);
    EXPECT_FALSE(timeout.reached(0, 1'000'000'000));
    EXPECT_TRUE(timeout.reached(0, 1'000'000'001));
    EXPECT_FALSE(timeout.reached(latest, earliest));
}

TEST(Timeout, OfZeroOrOfCenturiesIsNeverReached) {
    EXPECT_FALSE(Timeout(0).reached(earliest, latest));
    EXPECT_FALSE(Timeout(1e300).reached(earliest, latest));
}

TEST(Timeout, IsAtLeastANanosecond) {
    EXPECT_FALSE(Timeout(1e-30).reached(7, 7));
    EXPECT_TRUE(Timeout(1e-30).reached(7, 8));
}

TEST(Timeout, NeedsASensibleNumber) {
    EXPECT_TRUE(Timeout::valid(0));
    EXPECT_FALSE(Timeout::valid(-1));
    EXPECT_FALSE(Timeout::valid(std::nan("")));
    EXPECT_FALSE(Timeout::valid(std::numeric_limits<double>::infinity()));
}

}  // namespace
}  // namespace tessera::flow
