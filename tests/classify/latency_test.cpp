#include <gtest/gtest.h>

#include <tessera/classify/latency.hpp>

namespace tessera::classify {
namespace {

TEST(Latency, GivesQuantilesToFivePercent) {
    Latency latency;
    for (int i = 1; i <= 1000; ++i) latency.add(1e-3 * i);
    EXPECT_EQ(latency.count(), 1000U);
    for (auto const share : {0.01, 0.5, 0.99, 1.0}) {
        auto const found = latency.quantile(share);
        EXPECT_GE(found, share * 0.999) << share;  // a bin is named after its upper end
        EXPECT_LE(found, share * 1.06) << share;
    }
}

TEST(Latency, TakesAnyDuration) {
    Latency latency;
    EXPECT_EQ(latency.quantile(0.5), 0);
    latency.add(0);
    latency.add(1e9);
    EXPECT_LT(latency.quantile(0.1), 2e-6);
    EXPECT_GT(latency.quantile(1), 1000);
}

}  // namespace
}  // namespace tessera::classify
