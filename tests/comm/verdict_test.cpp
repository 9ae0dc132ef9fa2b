#include "verdict.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tessera::comm {
namespace {

using Link = Standing::Link;

/// A rank that waits in its 40th collective, as all do while one computes.
Standing waiting(double still = 5) {
    return {.link = Link::up,
            .silent = 0.1,
            .still = still,
            .inside = true,
            .collectives = 40,
            .step = 7,
            .phase = "reduce",
            .collective = "all_reduce",
            .host = "node1"};
}

std::string verdict(std::vector<Standing> const& ranks) {
    return judge(ranks, 30).value_or("");
}

TEST(Verdict, NobodyIsLostWhileOneRankWorks) {
    auto working = waiting(200);
    working.inside = false;
    EXPECT_EQ(verdict({waiting(200), working, waiting(200)}), "");
    EXPECT_EQ(verdict({waiting(), waiting()}), "");
}

TEST(Verdict, NamesARankThatEndedWithoutAWord) {
    auto broken = waiting();
    broken.link = Link::broken;
    EXPECT_EQ(verdict({waiting(), broken}),
              "ended without a word: rank 1 on node1: step 7, reduce, in all_reduce number 40, "
              "there for 5.0 s, ended without a word");
    broken.link = Link::goodbye;
    EXPECT_EQ(verdict({waiting(), broken}), "");
}

TEST(Verdict, NamesASilentRankAndOneThatNeverCame) {
    auto silent = waiting();
    silent.silent = 31;
    EXPECT_NE(verdict({waiting(200), silent}).find("silent (stopped, or its node is gone): rank 1"),
              std::string::npos);
    EXPECT_NE(verdict({waiting(), {.silent = 31}}).find("rank 1: no word for 31 s"),
              std::string::npos);
    EXPECT_EQ(verdict({waiting(), {.silent = 29}}), "");
}

TEST(Verdict, NamesARankThatIsIdleOutsideACollective) {
    auto idle = waiting(31);
    idle.inside = false;
    idle.idle = 31;
    EXPECT_NE(verdict({waiting(200), idle}).find("stands still outside any collective: rank 1"),
              std::string::npos);
    idle.disk = true;  // it may wait for a disk, but not for ever
    EXPECT_EQ(verdict({waiting(200), idle}), "");
    idle.still = 301;
    EXPECT_NE(verdict({waiting(200), idle}), "");
}

TEST(Verdict, NamesTheRankThatIsBehindWhenAllWait) {
    auto late = waiting(31);
    late.collectives = 39;
    EXPECT_NE(verdict({waiting(31), waiting(31), late}).find("than the others: rank 2"),
              std::string::npos);
    EXPECT_EQ(verdict({waiting(31), waiting(31), waiting(3)}), "");
    auto const all = verdict({waiting(31), waiting(31)});
    EXPECT_NE(all.find("network or MPI: rank 0"), std::string::npos);
    EXPECT_NE(all.find("rank 1"), std::string::npos);
}

}  // namespace
}  // namespace tessera::comm
