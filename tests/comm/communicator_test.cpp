#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tessera/base/error.hpp>
#include <tessera/comm/communicator.hpp>

namespace tessera::comm {
namespace {

using testing::HasSubstr;

TEST(Shard, SharesAreInOrderCoverAllAndDifferByAtMostOne) {
    for (std::size_t const total : {0U, 1U, 2U, 7U, 64U, 1001U}) {
        for (int const size : {1, 2, 3, 8, 13}) {
            std::size_t next = 0;
            for (int rank = 0; rank < size; ++rank) {
                auto const slice = shard(total, rank, size);
                EXPECT_EQ(slice.begin, next);
                EXPECT_GE(slice.size(), total / static_cast<std::size_t>(size));
                EXPECT_LE(slice.size(), total / static_cast<std::size_t>(size) + 1);
                next = slice.end;
            }
            EXPECT_EQ(next, total);
        }
    }
}

TEST(Communicator, TheDefaultIsOneProcess) {
    Communicator const alone;
    EXPECT_EQ(alone.rank(), 0);
    EXPECT_EQ(alone.size(), 1);
    EXPECT_EQ(all_reduce(alone, std::int64_t{7}, Op::sum), 7);
    EXPECT_THAT(all_gather(alone, "x"), testing::ElementsAre("x"));
}

TEST(Collectives, SumMinMaxOverRanks) {
    auto const world = Communicator::world();
    std::int64_t const rank = world.rank();
    std::int64_t const size = world.size();
    EXPECT_EQ(all_reduce(world, rank, Op::sum), size * (size - 1) / 2);
    EXPECT_EQ(all_reduce(world, rank, Op::min), 0);
    EXPECT_EQ(all_reduce(world, rank, Op::max), size - 1);
    std::vector<float> values(1000);
    std::iota(values.begin(), values.end(), static_cast<float>(rank));
    all_reduce(world, std::span(values), Op::sum);
    EXPECT_EQ(values[10], static_cast<float>(10 * size + size * (size - 1) / 2));
}

TEST(Collectives, TextsOfAnyLengthArriveInRankOrder) {
    auto const world = Communicator::world();
    auto const own = std::string(static_cast<std::size_t>(world.rank()) * 1000, 'x');
    auto const all = all_gather(world, own);
    ASSERT_EQ(all.size(), static_cast<std::size_t>(world.size()));
    for (std::size_t rank = 0; rank < all.size(); ++rank) EXPECT_EQ(all[rank].size(), rank * 1000);
}

// Rank r sends rank q the number r, q times and r more; messages may be empty.
TEST(Collectives, MessagesReachTheirRank) {
    auto const world = Communicator::world();
    auto const own = static_cast<std::size_t>(world.rank());
    auto const ranks = static_cast<std::size_t>(world.size());
    Messages received;
    for (int round = 0; round < 3; ++round) {
        Messages sent(ranks);
        for (std::size_t to = 0; to < ranks; ++to) {
            sent[to].assign(to + own, static_cast<std::byte>(own));
        }
        all_to_all(world, sent, received);
        ASSERT_EQ(received.size(), ranks);
        for (std::size_t from = 0; from < ranks; ++from) {
            EXPECT_THAT(received[from],
                        testing::AllOf(testing::SizeIs(own + from),
                                       testing::Each(static_cast<std::byte>(from))));
        }
    }
}

TEST(Collectives, ExchangeSwapsWithThePeer) {
    auto const world = Communicator::world();
    if (world.size() % 2 != 0) GTEST_SKIP() << "needs an even number of ranks";
    auto const peer = world.rank() ^ 1;
    std::vector<float> const mine(10, static_cast<float>(world.rank()));
    std::vector<float> theirs(10);
    exchange(world, peer, mine, theirs);
    EXPECT_EQ(theirs[9], static_cast<float>(peer));
}

TEST(Agree, OneNoMakesItNoEverywhere) {
    auto const world = Communicator::world();
    EXPECT_TRUE(agree(world, true));
    EXPECT_FALSE(agree(world, world.rank() != world.size() - 1));
}

TEST(Agreed, AnErrorOnOneRankEndsTheWorkOnAll) {
    auto const world = Communicator::world();
    auto const last = world.size() - 1;
    try {
        agreed(world, [&] {
            if (world.rank() == last) base::fail(base::ExitCode::bad_input, "file is broken");
        });
        FAIL() << "no error on rank " << world.rank();
    } catch (AgreedError const& error) {
        EXPECT_EQ(error.code(), base::ExitCode::bad_input);
        EXPECT_THAT(error.what(), HasSubstr("file is broken"));
        EXPECT_THAT(error.what(), HasSubstr(last > 0 ? "rank " + std::to_string(last) : "broken"));
    }
}

TEST(AgreedSum, SumsWhatTheWorkOfEachRankPutThere) {
    auto const world = Communicator::world();
    std::vector<std::uint64_t> values{0, 7};
    auto const rank = static_cast<std::uint64_t>(world.rank());
    agreed_sum(
        world, [&] { values[0] = rank + 1; }, values);
    auto const ranks = static_cast<std::uint64_t>(world.size());
    EXPECT_EQ(values[0], ranks * (ranks + 1) / 2);
    EXPECT_EQ(values[1], 7 * ranks);
    auto const fail_on_first = [&] {
        if (world.is_root()) base::fail(base::ExitCode::bad_input, "file is broken");
    };
    EXPECT_THROW(agreed_sum(world, fail_on_first, values), AgreedError);
}

TEST(Communicator, ADuplicateHasTheSameRanks) {
    auto const copy = Communicator::world().duplicate();
    EXPECT_EQ(copy.rank(), Communicator::world().rank());
    EXPECT_EQ(all_reduce(copy, std::int64_t{1}, Op::sum), copy.size());
}

}  // namespace
}  // namespace tessera::comm
