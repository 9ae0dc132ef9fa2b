#include "verdict.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <vector>

#include <fmt/format.h>

namespace tessera::comm {

namespace {

constexpr double patience_with_work = 10;  // limits for a rank that uses its processor or a disk

using Link = Standing::Link;
using Fault = std::function<bool(Standing const&)>;

std::optional<std::string> named(std::span<Standing const> ranks, Fault const& is_lost,
                                 char const* why) {
    std::string line;
    for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
        if (!is_lost(ranks[rank])) continue;
        line += fmt::format("{}{}", line.empty() ? "" : "; ", described(rank, ranks[rank]));
    }
    if (line.empty()) return std::nullopt;
    return fmt::format("{}: {}", why, line);
}

/// All that take part wait in collectives: the one that entered the fewest holds the others up.
std::optional<std::string> behind(std::span<Standing const> ranks, double limit) {
    auto fewest = std::numeric_limits<std::uint64_t>::max();
    auto most = std::uint64_t{0};
    for (auto const& rank : ranks) {
        if (rank.link == Link::goodbye) continue;
        if (!rank.inside || rank.still < limit) return std::nullopt;
        fewest = std::min(fewest, rank.collectives);
        most = std::max(most, rank.collectives);
    }
    if (fewest > most) return std::nullopt;
    if (fewest == most) {
        return named(
            ranks, [](auto const& rank) { return rank.link == Link::up; },
            "a collective does not end on any rank: network or MPI");
    }
    return named(
        ranks,
        [&](auto const& rank) { return rank.link == Link::up && rank.collectives == fewest; },
        "waits in an earlier collective than the others");
}

}  // namespace

std::string described(std::size_t rank, Standing const& standing) {
    auto const host = standing.host.empty() ? std::string() : " on " + standing.host;
    if (standing.link == Link::awaited) {
        return fmt::format("rank {}{}: no word for {:.0f} s since the start", rank, host,
                           standing.silent);
    }
    auto const where = standing.collectives == 0
                           ? std::string("before any collective")
                           : fmt::format("{} {} number {}", standing.inside ? "in" : "after",
                                         standing.collective, standing.collectives);
    auto const state = standing.link == Link::goodbye ? std::string("ended in good order")
                       : standing.link == Link::broken
                           ? std::string("ended without a word")
                           : fmt::format("heard {:.1f} s ago", standing.silent);
    auto const step = standing.step < 0 ? std::string() : fmt::format("step {}, ", standing.step);
    return fmt::format("rank {}{}: {}{}, {}, there for {:.1f} s, {}", rank, host, step,
                       standing.phase, where, standing.still, state);
}

std::optional<std::string> judge(std::span<Standing const> ranks, double limit) {
    if (auto line = named(
            ranks, [](auto const& rank) { return rank.link == Link::broken; },
            "ended without a word"))
        return line;
    auto const silent = [&](Standing const& rank) {
        return (rank.link == Link::up || rank.link == Link::awaited) && rank.silent > limit;
    };
    if (auto line = named(ranks, silent, "silent (stopped, or its node is gone)")) return line;
    auto const stuck = [&](Standing const& rank) {
        return rank.link == Link::up && !rank.inside &&
               ((rank.idle > limit && !rank.disk) || rank.still > patience_with_work * limit);
    };
    if (auto line = named(ranks, stuck, "stands still outside any collective")) return line;
    return behind(ranks, limit);
}

}  // namespace tessera::comm
