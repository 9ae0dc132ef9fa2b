#include <cmath>
#include <limits>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tessera/base/error.hpp>
#include <tessera/burst/burst.hpp>

namespace tessera::burst {
namespace {

using flow::Direction;
using testing::ElementsAre;

constexpr auto forward = Direction::forward;
constexpr auto backward = Direction::backward;

// ">><" with a packet every second.
flow::Flow flow_of(std::string_view directions) {
    flow::Flow flow;
    for (char const c : directions) {
        flow::FlowPacket packet;
        packet.time =
            static_cast<base::Nanoseconds>(flow.packets.size()) * base::nanoseconds_per_second;
        packet.direction = c == '>' ? forward : backward;
        flow.packets.push_back(packet);
    }
    return flow;
}

TEST(SplitBursts, CutsAtEachTurnOfDirection) {
    EXPECT_THAT(split_bursts(flow_of(">><>"), {}),
                ElementsAre(Burst{forward, 0, 2}, Burst{backward, 2, 1}, Burst{forward, 3, 1}));
}

TEST(SplitBursts, AFlowWithoutPacketsHasNone) {
    EXPECT_TRUE(split_bursts(flow_of(""), {}).empty());
}

TEST(SplitBursts, AFlowOfOneDirectionIsOneBurst) {
    EXPECT_THAT(split_bursts(flow_of(">>>>>"), {}), ElementsAre(Burst{forward, 0, 5}));
}

TEST(SplitBursts, CutsAtTheLimitOfPackets) {
    EXPECT_THAT(split_bursts(flow_of(">>>>><<"), {.max_packets = 2}),
                ElementsAre(Burst{forward, 0, 2}, Burst{forward, 2, 2}, Burst{forward, 4, 1},
                            Burst{backward, 5, 2}));
}

TEST(SplitBursts, CutsAtSilence) {
    auto flow = flow_of(">>>");
    flow.packets[2].time += 1;  // 1 s + 1 ns after the second
    EXPECT_THAT(split_bursts(flow, {.max_gap = 1.000000001}),
                ElementsAre(Burst{forward, 0, 2}, Burst{forward, 2, 1}));
}

TEST(SplitBursts, BearsExtremeTimeStamps) {
    auto flow = flow_of(">>>");
    flow.packets[0].time = std::numeric_limits<base::Nanoseconds>::min();
    flow.packets[1].time = std::numeric_limits<base::Nanoseconds>::max();
    flow.packets[2].time = std::numeric_limits<base::Nanoseconds>::min();
    EXPECT_THAT(split_bursts(flow, {.max_gap = 1}),
                ElementsAre(Burst{forward, 0, 1}, Burst{forward, 1, 2}));
}

TEST(SplitBursts, RefusesSenselessLimits) {
    for (auto const& limits : {BurstLimits{.max_packets = -1}, BurstLimits{.max_gap = -1},
                               BurstLimits{.max_gap = std::nan("")}}) {
        EXPECT_THROW(split_bursts(flow_of(">"), limits), base::Error);
    }
}

// On random flows: the bursts hold each packet once and in order, each has one direction, and
// neighbours of one direction are parted by a limit that strikes there.
TEST(SplitBursts, PartitionsEveryFlow) {
    std::mt19937 random(3);
    auto const below = [&](std::int64_t limit) {
        return static_cast<std::int64_t>(random()) % limit;
    };
    for (int round = 0; round < 500; ++round) {
        std::string directions(random() % 60, '>');
        for (auto& c : directions) c = random() % 3 == 0 ? '<' : '>';
        auto flow = flow_of(directions);
        for (auto& packet : flow.packets) packet.time += below(2'000'000'000);
        BurstLimits const limits{.max_packets = below(5), .max_gap = static_cast<double>(below(3))};
        std::size_t next = 0;
        Burst const* before = nullptr;
        auto const bursts = split_bursts(flow, limits);
        for (auto const& burst : bursts) {
            ASSERT_EQ(burst.first_packet, next);
            ASSERT_GT(burst.packets, 0U);
            if (limits.max_packets > 0) {
                ASSERT_LE(burst.packets, static_cast<std::uint64_t>(limits.max_packets));
            }
            for (std::size_t i = next; i < next + burst.packets; ++i) {
                ASSERT_EQ(flow.packets.at(i).direction, burst.direction);
            }
            if (before != nullptr && before->direction == burst.direction) {
                auto const silence = flow.packets[next].time - flow.packets[next - 1].time;
                ASSERT_TRUE(before->packets == limits.max_packets ||
                            static_cast<double>(silence) >= limits.max_gap * 1e9);
            }
            next += burst.packets;
            before = &burst;
        }
        ASSERT_EQ(next, flow.packets.size());
    }
}

}  // namespace
}  // namespace tessera::burst
