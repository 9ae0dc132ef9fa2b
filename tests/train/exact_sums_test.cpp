#include "exact_sums.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace tessera::train {
namespace {

TEST(ExactSums, ComeOutTheSameOnAnyNumberOfRanks) {
    auto const comm = comm::Communicator::world();
    auto const value = [](std::size_t i) { return 1e3 / static_cast<double>(3 * i + 1); };
    ExactSums alone(1);
    for (std::size_t i = 0; i < 101; ++i) alone.add(0, value(i));
    ExactSums shared(1);
    auto const share = comm::shard(101, comm);
    for (auto i = share.end; i-- > share.begin;) shared.add(0, value(i));
    shared.reduce(comm);
    EXPECT_EQ(shared.units(), alone.units());
    double plain = 0;
    for (std::size_t i = 0; i < 101; ++i) plain += value(i);
    EXPECT_NEAR(shared[0], plain, 101 * 5e-7);
}

TEST(ExactSums, TellWhatIsNotFiniteOnEveryRank) {
    auto const comm = comm::Communicator::world();
    for (auto const bad : {std::numeric_limits<double>::quiet_NaN(),
                           std::numeric_limits<double>::infinity(), 1e300}) {
        ExactSums sums(2);
        sums.add(1, comm.rank() == 0 ? bad : 1.0);
        sums.reduce(comm);
        EXPECT_FALSE(sums.finite());
    }
    ExactSums sums(2);
    sums.add(1, 2.5);
    EXPECT_TRUE(sums.finite());
    EXPECT_EQ(sums[1], 2.5);
}

}  // namespace
}  // namespace tessera::train
