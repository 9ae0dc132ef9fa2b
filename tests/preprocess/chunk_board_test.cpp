#include "chunk_board.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <new>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tessera/base/error.hpp>

namespace tessera::preprocess {
namespace {

using testing::ElementsAre;

struct alignas(64) Line {
    std::byte bytes[64];
};

/// Memory as another program may have left it.
class Memory {
  public:
    explicit Memory(ChunkBoard::Shape const& shape)
        : lines_(ChunkBoard::bytes(shape) / sizeof(Line), filled()) {}
    std::span<std::byte> bytes() { return std::as_writable_bytes(std::span(lines_)); }

  private:
    static Line filled() {
        Line line{};
        std::ranges::fill(line.bytes, std::byte{0x5a});
        return line;
    }
    std::vector<Line> lines_;
};

base::ByteSpan bytes_of(std::string const& text) {
    return std::as_bytes(std::span(text));
}

std::string text_of(base::ByteSpan bytes) {
    return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

void put(ChunkBoard& board, std::size_t owner, std::string const& text) {
    Letter letter{};
    letter.kept = static_cast<std::uint32_t>(text.size());
    board.put(owner, letter, bytes_of(text));
}

void put_to_all(ChunkBoard& board, std::string const& text) {
    Letter letter{};
    letter.part = to_all;
    letter.kept = static_cast<std::uint32_t>(text.size());
    board.put_to_all(letter, bytes_of(text));
}

using Texts = std::vector<std::string>;

Texts taken(ChunkBoard& board) {
    Texts texts;
    auto const use = [&](Letter const&, base::ByteSpan kept) { texts.push_back(text_of(kept)); };
    EXPECT_TRUE(board.take(use));
    return texts;
}

bool nothing_to_take(ChunkBoard& board) {
    return !board.take([](Letter const&, base::ByteSpan) { ADD_FAILURE(); });
}

/// Two ranks in one process, one after the other.
class TwoRanks : public testing::Test {
  protected:
    TwoRanks() { first_.clear(); }

    ChunkBoard::Shape shape_{.ranks = 2, .slots = 2, .slot_bytes = 1000, .chunks = 5};
    Memory memory_{shape_};
    std::size_t reserved_ = 0;
    ChunkBoard::Reserve reserve_ = [this](std::size_t begin, std::size_t count) {
        reserved_ = std::max(reserved_, begin + count);
        if (reserved_ > most_) throw std::bad_alloc();
    };
    std::size_t most_ = std::numeric_limits<std::size_t>::max();
    ChunkBoard first_{memory_.bytes(), shape_, 0, reserve_};
    ChunkBoard second_{memory_.bytes(), shape_, 1, reserve_};
};

TEST_F(TwoRanks, LettersComeToTheirOwnersInOrder) {
    auto const chunk = second_.claim();
    ASSERT_EQ(chunk, 0U);
    put(second_, 0, "a");
    put(second_, 1, "longer than others");
    put_to_all(second_, "piece");
    put(second_, 1, "");
    put_to_all(second_, "last");
    put(second_, 0, "z");
    EXPECT_TRUE(nothing_to_take(first_));
    second_.finish(0);
    EXPECT_THAT(taken(first_), ElementsAre("a", "piece", "last", "z"));
    EXPECT_THAT(taken(second_), ElementsAre("longer than others", "piece", "", "last"));
    EXPECT_TRUE(nothing_to_take(first_));
}

TEST_F(TwoRanks, ChunksAreTakenInTheirOrder) {
    ASSERT_EQ(first_.claim(), 0U);
    ASSERT_EQ(second_.claim(), 1U);
    put(second_, 0, "later");
    second_.finish(1);
    EXPECT_TRUE(nothing_to_take(first_));
    put(first_, 0, "sooner");
    first_.finish(0);
    EXPECT_THAT(taken(first_), ElementsAre("sooner"));
    EXPECT_THAT(taken(first_), ElementsAre("later"));
}

TEST_F(TwoRanks, ASlotIsFreeWhenAllHaveTakenFromIt) {
    ASSERT_EQ(first_.claim(), 0U);
    put(first_, 1, "early");
    first_.finish(0);
    ASSERT_EQ(first_.claim(), 1U);
    first_.finish(1);
    taken(first_);
    EXPECT_EQ(first_.claim(), std::nullopt);
    EXPECT_THAT(taken(second_), ElementsAre("early"));
    ASSERT_EQ(first_.claim(), 2U);
    first_.finish(2);
    taken(second_);
    EXPECT_THAT(taken(second_), ElementsAre());  // what lay in the slot before is gone
}

TEST_F(TwoRanks, TheStartOfAChunkIsToldByTheOneBefore) {
    first_.claim();
    second_.claim();
    first_.tell_start(0, {24, 0});
    EXPECT_EQ(first_.wait_for_start(0)->byte, 24U);
    first_.tell_start(1, {5000, 17});
    auto const start = second_.wait_for_start(1);
    ASSERT_TRUE(start);
    EXPECT_EQ(start->byte, 5000U);
    EXPECT_EQ(start->records, 17U);
}

TEST_F(TwoRanks, NothingIsBehindTheLastChunk) {
    first_.claim();
    second_.claim();
    first_.tell_last(0);
    EXPECT_EQ(second_.wait_for_start(1), std::nullopt);
    EXPECT_EQ(second_.claim(), std::nullopt);
    first_.finish(0);
    EXPECT_FALSE(second_.has_taken_all());
    taken(second_);
    EXPECT_TRUE(second_.has_taken_all());
    EXPECT_TRUE(nothing_to_take(second_));
}

TEST_F(TwoRanks, WhoWaitsHearsThatTheOtherGaveUp) {
    first_.claim();
    second_.claim();
    std::thread waits([&] { EXPECT_EQ(second_.wait_for_start(1), std::nullopt); });
    first_.give_up();
    waits.join();
    EXPECT_TRUE(second_.given_up());
}

TEST_F(TwoRanks, MoreThanASlotHoldsIsRefused) {
    first_.claim();
    put(first_, 1, std::string(800, 'x'));
    put(first_, 0, std::string(400, 'y'));
    EXPECT_THROW(first_.finish(0), base::Error);
    EXPECT_TRUE(nothing_to_take(second_));
}

// Only what was reserved before is written to.
TEST_F(TwoRanks, RoomIsReservedAsItIsNeeded) {
    ASSERT_EQ(first_.claim(), 0U);
    put(first_, 0, "a");
    first_.finish(0);
    auto const before = reserved_;
    ASSERT_EQ(first_.claim(), 1U);
    put(first_, 1, std::string(500, 'b'));
    first_.finish(1);
    EXPECT_GE(reserved_, before + 500);
    EXPECT_LE(reserved_, memory_.bytes().size());
    taken(first_), taken(first_), taken(second_), taken(second_);
    most_ = reserved_;
    ASSERT_EQ(first_.claim(), 2U);
    ASSERT_EQ(second_.claim(), 3U);  // in the slot of chunk 1
    put(second_, 0, std::string(500, 'c'));
    second_.finish(3);
    first_.finish(2);
    taken(first_), taken(first_), taken(second_), taken(second_);
    ASSERT_EQ(first_.claim(), 4U);
    put(first_, 1, std::string(900, 'd'));
    EXPECT_NO_THROW(first_.finish(4));  // in the first slot: less than is reserved behind it
}

TEST_F(TwoRanks, NoRoomIsAnError) {
    ASSERT_EQ(first_.claim(), 0U);
    most_ = reserved_;
    ASSERT_EQ(second_.claim(), 1U);
    put(second_, 0, std::string(800, 'x'));
    EXPECT_THROW(second_.finish(1), std::bad_alloc);
    EXPECT_TRUE(nothing_to_take(first_));
}

TEST(ChunkBoard, TooLittleMemoryIsRefused) {
    ChunkBoard::Shape const shape{.ranks = 1, .slots = 2, .slot_bytes = 100, .chunks = 1};
    Memory memory(shape);
    auto const bytes = memory.bytes();
    EXPECT_THROW(ChunkBoard(bytes.first(bytes.size() - 1), shape, 0, {}), base::Error);
}

/// What a rank does: chunk n holds n letters to each rank, and one to all.
Texts work(ChunkBoard& board, std::size_t ranks) {
    Texts texts;
    auto const use = [&](Letter const&, base::ByteSpan kept) { texts.push_back(text_of(kept)); };
    while (!board.has_taken_all()) {
        if (board.take(use)) continue;
        auto const chunk = board.claim();
        if (!chunk) {
            std::this_thread::yield();
            continue;
        }
        auto const start = board.wait_for_start(*chunk);
        EXPECT_TRUE(start && start->byte == *chunk * 10);
        board.tell_start(*chunk + 1, {(*chunk + 1) * 10, 0});
        for (std::size_t i = 0; i < *chunk % 7 * ranks; ++i) {
            put(board, i % ranks, fmt::format("{}-{}", *chunk, i));
        }
        put_to_all(board, fmt::format("{}", *chunk));
        board.finish(*chunk);
    }
    return texts;
}

Texts expected(std::uint64_t chunks, std::size_t ranks, std::size_t rank) {
    Texts texts;
    for (std::uint64_t chunk = 0; chunk < chunks; ++chunk) {
        for (auto i = rank; i < chunk % 7 * ranks; i += ranks) {
            texts.push_back(fmt::format("{}-{}", chunk, i));
        }
        texts.push_back(fmt::format("{}", chunk));
    }
    return texts;
}

TEST(ChunkBoard, ManyAtOnceEachGetAllOfTheirs) {
    constexpr std::size_t ranks = 4;
    ChunkBoard::Shape const shape{.ranks = ranks, .slots = 3, .slot_bytes = 8000, .chunks = 2000};
    Memory memory(shape);
    std::vector<std::unique_ptr<ChunkBoard>> boards;
    for (std::size_t rank = 0; rank < ranks; ++rank) {
        boards.push_back(std::make_unique<ChunkBoard>(memory.bytes(), shape, rank,
                                                      [](std::size_t, std::size_t) {}));
    }
    boards[0]->clear();
    boards[0]->tell_start(0, {0, 0});
    std::vector<Texts> texts(ranks);
    std::vector<std::thread> threads;
    for (std::size_t rank = 0; rank < ranks; ++rank) {
        threads.emplace_back([&, rank] { texts[rank] = work(*boards[rank], ranks); });
    }
    for (auto& thread : threads) thread.join();
    for (std::size_t rank = 0; rank < ranks; ++rank) {
        EXPECT_EQ(texts[rank], expected(shape.chunks, ranks, rank)) << rank;
    }
}

}  // namespace
}  // namespace tessera::preprocess
