#include <atomic>
#include <stdexcept>

#include <gtest/gtest.h>

#include <tessera/loader/dataloader.hpp>

namespace tessera::loader {
namespace {

struct Numbers {
    struct Batch {
        std::uint64_t first = 0;
        std::int64_t count = 0;

        bool operator==(Batch const&) const = default;
    };

    Batch batch(std::uint64_t first, std::int64_t count) const {
        ++made;
        if (first >= limit) throw std::runtime_error("past the limit");
        return {first, count};
    }

    std::uint64_t limit = 1'000'000;
    mutable std::atomic<int> made = 0;
};

TEST(Dataloader, StepsAreTheSameForAnyNumberOfRanks) {
    Numbers const source;
    DataloaderConfig const config{.micro_batch_size = 4, .micro_batches = 5, .prefetch = 3};
    for (int ranks = 1; ranks <= 6; ++ranks) {
        std::vector<Numbers::Batch> joined;
        for (int rank = 0; rank < ranks; ++rank) {
            Dataloader<Numbers> loader(source, comm::shard(5, rank, ranks), config, 7);
            auto const batches = loader.next();
            joined.insert(joined.end(), batches.begin(), batches.end());
        }
        ASSERT_EQ(joined.size(), 5U);
        for (std::uint64_t m = 0; m < 5; ++m) {
            EXPECT_EQ(joined[m], (Numbers::Batch{(7 * 5 + m) * 4, 4}));
        }
    }
}

TEST(Dataloader, GoesOnFromAnyStep) {
    Numbers const source;
    DataloaderConfig const config{.micro_batch_size = 2, .micro_batches = 3, .prefetch = 4};
    Dataloader<Numbers> all(source, comm::Communicator(), config, 0);
    for (int step = 0; step < 10; ++step) all.next();
    Dataloader<Numbers> resumed(source, comm::Communicator(), config, 10);
    EXPECT_EQ(all.next(), resumed.next());
}

TEST(Dataloader, MakesNoMoreAheadThanAsked) {
    Numbers const source;
    {
        Dataloader<Numbers> loader(source, comm::Communicator(), {2, 1, 3}, 0);
        for (int step = 0; step < 5; ++step) loader.next();
        EXPECT_GE(loader.stall_seconds(), 0);
    }
    EXPECT_GE(source.made, 5);
    EXPECT_LE(source.made, 5 + 3 + 1);
}

TEST(Dataloader, RethrowsWhatTheSourceThrew) {
    Numbers source;
    source.limit = 6;
    Dataloader<Numbers> loader(source, comm::Communicator(), {2, 1, 2}, 0);
    for (int step = 0; step < 3; ++step) EXPECT_NO_THROW(loader.next());
    EXPECT_THROW(loader.next(), std::runtime_error);
    EXPECT_THROW(loader.next(), std::runtime_error);
}

TEST(Dataloader, EndsWithoutBeingUsed) {
    Numbers const source;
    { Dataloader<Numbers> const loader(source, comm::Communicator(), {2, 1, 2}, 0); }
    EXPECT_EQ(source.made, 0);
}

}  // namespace
}  // namespace tessera::loader
