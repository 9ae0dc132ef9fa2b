#include <set>
#include <vector>

#include <gtest/gtest.h>

#include <tessera/base/random.hpp>

namespace tessera::base {
namespace {

// Known answers of the Random123 distribution (kat_vectors, philox4x32 10).
TEST(Philox, EqualsThePublishedVectors) {
    EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}),
              (std::array<std::uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
    EXPECT_EQ(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
              (std::array<std::uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
    EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
              (std::array<std::uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(RandomStream, IsAPureFunctionOfItsArguments) {
    RandomStream first(7, Purpose::masking, 3, 11);
    RandomStream again(7, Purpose::masking, 3, 11);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(first.next_u64(), again.next_u64());
}

TEST(RandomStream, DiffersInEveryArgument) {
    std::set<std::uint64_t> const firsts{
        RandomStream(7, Purpose::masking, 3, 11).next_u64(),
        RandomStream(8, Purpose::masking, 3, 11).next_u64(),
        RandomStream(7, Purpose::pairing, 3, 11).next_u64(),
        RandomStream(7, Purpose::masking, 4, 11).next_u64(),
        RandomStream(7, Purpose::masking, 3, 12).next_u64(),
    };
    EXPECT_EQ(firsts.size(), 5U);
}

TEST(RandomStream, BelowIsUniformWithinFiveStandardDeviations) {
    RandomStream stream(1, Purpose::test, 0, 0);
    std::vector<int> counts(10);
    constexpr int draws = 100'000;
    for (int i = 0; i < draws; ++i) ++counts[stream.below(10)];
    // Binomial(100000, 0.1): deviation 95; five of them is a chance of 6e-7 a bin.
    for (int const count : counts) EXPECT_NEAR(count, draws / 10, 475);
}

TEST(RandomStream, UniformStaysBelowOne) {
    RandomStream stream(1, Purpose::test, 0, 1);
    double sum = 0;
    for (int i = 0; i < 10'000; ++i) {
        auto const value = stream.uniform();
        ASSERT_GE(value, 0);
        ASSERT_LT(value, 1);
        sum += value;
    }
    EXPECT_NEAR(sum / 10'000, 0.5, 0.0145);  // five standard deviations of the mean
}

TEST(KeyedPermutation, VisitsEachPlaceOnce) {
    for (std::uint64_t const size : {1U, 2U, 3U, 5U, 64U, 1000U, 4097U}) {
        KeyedPermutation const order(size, 42, 1);
        std::set<std::uint64_t> seen;
        for (std::uint64_t i = 0; i < size; ++i) {
            auto const place = order(i);
            ASSERT_LT(place, size);
            seen.insert(place);
        }
        EXPECT_EQ(seen.size(), size);
    }
}

TEST(KeyedPermutation, EpochsAndSeedsGiveOtherOrders) {
    KeyedPermutation const first(1000, 1, 0);
    KeyedPermutation const next_epoch(1000, 1, 1);
    KeyedPermutation const other_seed(1000, 2, 0);
    int same_epoch = 0;
    int same_seed = 0;
    int in_place = 0;
    for (std::uint64_t i = 0; i < 1000; ++i) {
        same_epoch += first(i) == next_epoch(i) ? 1 : 0;
        same_seed += first(i) == other_seed(i) ? 1 : 0;
        in_place += first(i) == i ? 1 : 0;
    }
    // Matches of two random permutations are Poisson(1): more than 12 has a chance of 1e-10.
    EXPECT_LE(same_epoch, 12);
    EXPECT_LE(same_seed, 12);
    EXPECT_LE(in_place, 12);
}

}  // namespace
}  // namespace tessera::base
