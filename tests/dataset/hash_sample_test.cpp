#include "hash_sample.hpp"

#include <gtest/gtest.h>

#include <tessera/base/hash.hpp>

namespace tessera::dataset {
namespace {

TEST(HashSample, SmallSetsAreLookedAtWhole) {
    HashSample const sample(1000, 1000);
    EXPECT_EQ(sample.one_in(), 1U);
    for (std::uint64_t hash = 0; hash < 10; ++hash) EXPECT_TRUE(sample.holds(hash));
}

TEST(HashSample, LargeOnesAreThinnedToTheLimit) {
    constexpr std::uint64_t values = 100'000;
    HashSample const sample(values, 1000);
    EXPECT_EQ(sample.one_in(), 128U);
    std::uint64_t held = 0;
    for (std::uint64_t i = 0; i < values; ++i) {
        auto const hash = base::hash64(std::as_bytes(std::span(&i, 1)), 0);
        held += sample.holds(hash) ? 1U : 0U;
    }
    EXPECT_NEAR(static_cast<double>(held), 781, 100);  // binomial: 3.6 deviations of 28
}

}  // namespace
}  // namespace tessera::dataset
