#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include <tessera/base/error.hpp>
#include <tessera/baseline/predictions.hpp>

namespace tessera::baseline {
namespace {

TEST(Predictions, TakeTheLowestOfEqualClasses) {
    EXPECT_EQ(most_likely(std::array{0.2F, 0.4F, 0.4F}), 1);
    EXPECT_EQ(most_likely(std::array{1.0F}), 0);
}

TEST(Predictions, CheckIndicesAndValues) {
    Predictions all{{"a", "b"}, {"x.pcap"}, {}, {}, {}, {}, {}};
    all.add(0, 5, 1, std::array{0.25F, 0.75F});
    EXPECT_EQ(all.predicted[0], 1);
    EXPECT_NO_THROW(check(all));

    auto negative = all;
    negative.labels[0] = -1;
    EXPECT_THROW(check(negative), base::Error);
    auto nowhere = all;
    nowhere.capture[0] = 1;
    EXPECT_THROW(check(nowhere), base::Error);
    auto broken = all;
    broken.probabilities[1] = HUGE_VALF;
    EXPECT_THROW(check(broken), base::Error);
}

}  // namespace
}  // namespace tessera::baseline
