#include <gtest/gtest.h>

#include <tessera/base/error.hpp>
#include <tessera/report/rank_states.hpp>

namespace tessera::report {
namespace {

RankState state(std::string host, double rank_stall) {
    return {.host = std::move(host),
            .step = 40,
            .sequences_per_second = 12.5,
            .data_stall = 0.01,
            .rank_stall = rank_stall,
            .peak_memory = std::uint64_t{300} << 20U};
}

TEST(RankStates, ComeBackFromJson) {
    auto const text = "[" + to_json(state("node1", 0.25)) + "," + to_json(state("n\"2\n", 0)) + "]";
    auto const states = read_rank_states(text);
    ASSERT_EQ(states.size(), 2U);
    EXPECT_EQ(states[0].host, "node1");
    EXPECT_EQ(states[0].step, 40);
    EXPECT_EQ(states[0].rank_stall, 0.25);
    EXPECT_EQ(states[0].peak_memory, 314572800U);
    EXPECT_EQ(states[1].host, "n\"2\n");
}

TEST(RankStates, NamesTheBadEntry) {
    for (auto const* const text : {"", "{}", "[{\"host\":3}]", "[3]", "[[]]"}) {
        EXPECT_THROW(read_rank_states(text), base::Error) << text;
    }
    try {
        read_rank_states("[" + to_json(state("a", 0)) + ",{\"host\":\"b\"}]");
        FAIL() << "half an entry was read";
    } catch (base::Error const& error) {
        EXPECT_EQ(error.code(), base::ExitCode::bad_input);
        EXPECT_NE(std::string(error.what()).find("entry 1"), std::string::npos) << error.what();
    }
}

TEST(RankStates, TheTableShowsARowARank) {
    auto const table = rank_table({state("a", 0.5), state("b", 0.125)}, 8);
    ASSERT_EQ(table.rows.size(), 2U);
    EXPECT_EQ(table.rows[1],
              (std::vector<std::string>{"1", "b", "40", "12.5", "1.0 %", "12.5 %", "300 MiB"}));
}

TEST(RankStates, OfManyRanksTheTableShowsThoseThatTheOthersWaitFor) {
    auto const table = rank_table({state("a", 0.5), state("b", 0.01), state("c", 0.2)}, 2);
    ASSERT_EQ(table.rows.size(), 2U);
    EXPECT_EQ(table.rows[0][1], "b");
    EXPECT_EQ(table.rows[1][1], "c");
}

}  // namespace
}  // namespace tessera::report
