#include "flow_packets.hpp"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tessera/base/error.hpp>
#include <tessera/flow/flow_table.hpp>

namespace tessera::flow {
namespace {

using test::Collected;
using test::hex;
using test::lines;
using test::second;
using test::tcp_packet;
using testing::ElementsAre;

packet::Endpoint const a{test::address("10.0.0.1"), 1000};
packet::Endpoint const b{test::address("10.0.0.2"), 2000};
packet::Endpoint const c{test::address("10.0.0.3"), 3000};

constexpr auto earliest = std::numeric_limits<base::Nanoseconds>::min();
constexpr auto latest = std::numeric_limits<base::Nanoseconds>::max();

// A table with what came out of it.
struct TableRun {
    explicit TableRun(FlowConfig const& config = {}) : table(config, collected.sink()) {}

    void add(packet::Endpoint const& from, packet::Endpoint const& to, base::Nanoseconds time,
             test::Bytes const& kept = {}) {
        table.add(tcp_packet(from, to, time), kept);
    }
    std::vector<std::string> finish() {
        table.finish();
        return lines(collected.flows);
    }
    std::uint64_t ended(FlowEnd end) const {
        return table.counts().by_end[static_cast<std::size_t>(end)];
    }

    Collected collected;
    FlowTable table;
};

TEST(FlowTable, ShowsAFlowOnceWhenItHasEnoughPackets) {
    TableRun run;
    Collected shown;
    run.table.show_at(2, shown.sink());
    run.add(a, b, 1, hex("01"));
    run.add(a, c, 2, hex("02"));  // one packet: never shown
    EXPECT_TRUE(shown.flows.empty());
    run.add(b, a, 3, hex("03"));
    EXPECT_THAT(lines(shown.flows), ElementsAre("capture_end 1000: 1>1, 3<3,"));
    run.add(a, b, 4, hex("04"));
    EXPECT_EQ(run.finish().size(), 2U);  // shown flows close as any other, with all packets
    EXPECT_EQ(shown.flows.size(), 1U);
    EXPECT_EQ(run.collected.flows.back().packets.size(), 3U);
}

TEST(FlowTable, ShowsAShortFlowOnceWhenItsTimeHasCome) {
    TableRun run;
    Collected shown;
    run.table.show_at(3, shown.sink(), 5);
    run.add(a, b, second);
    run.add(a, c, 2 * second);
    run.add(a, c, 3 * second);
    run.add(a, c, 4 * second);  // has all its packets: not again when it is due
    ASSERT_EQ(shown.flows.size(), 1U);
    run.table.advance(6 * second - 1);
    EXPECT_EQ(shown.flows.size(), 1U);
    run.table.advance(6 * second);
    ASSERT_EQ(shown.flows.size(), 2U);
    EXPECT_EQ(test::line(shown.flows[1]), "capture_end 1000: 1000000000>");
    run.add(a, b, 7 * second);
    run.add(a, b, 8 * second);  // now it has enough, and was shown
    EXPECT_EQ(shown.flows.size(), 2U);
    run.add(b, c, 9 * second);
    run.table.finish();
    ASSERT_EQ(run.collected.flows.size(), 3U);
    for (auto const& flow : run.collected.flows) EXPECT_EQ(flow.shown, flow.packets.size() == 3);
}

TEST(FlowTable, ALaterFlowOfTheSameEndsHasATimeOfItsOwn) {
    TableRun run({.max_packets = 1});
    Collected shown;
    run.table.show_at(2, shown.sink(), 5);
    run.add(a, b, second);
    run.add(a, b, 3 * second);  // the first one ended, never shown
    run.table.advance(7 * second);
    EXPECT_TRUE(shown.flows.empty());
    run.table.advance(8 * second);
    EXPECT_EQ(shown.flows.size(), 1U);
}

TEST(FlowTable, TheClockGoesOnWithoutPackets) {
    TableRun run({.idle_timeout = 10});
    run.add(a, b, second);
    run.table.advance(11 * second - 1);
    EXPECT_EQ(run.ended(FlowEnd::idle_timeout), 0U);
    run.table.advance(11 * second);
    EXPECT_EQ(run.ended(FlowEnd::idle_timeout), 1U);
    run.table.advance(2 * second);  // never back
    run.add(a, b, 12 * second);
    EXPECT_EQ(run.finish().size(), 2U);
}

TEST(FlowTable, JoinsBothDirectionsSeenFromTheFirstPacket) {
    TableRun run;
    run.add(b, a, 5, hex("01 02"));
    run.add(a, b, 6);
    run.add(b, a, 7, hex("03"));
    EXPECT_THAT(run.finish(), ElementsAre("capture_end 2000: 5>1,2, 6< 7>3,"));
    auto const& flow = run.collected.flows.front();
    EXPECT_EQ(flow.initiator(), b);
    EXPECT_EQ(flow.responder(), a);
    EXPECT_EQ(flow.packets.front().wire_length, 60U);
}

TEST(FlowTable, HoldsAFlowFromAnEndpointToItself) {
    TableRun run;
    run.add(a, a, 1);
    run.add(a, a, 2);
    EXPECT_THAT(run.finish(), ElementsAre("capture_end 1000: 1> 2>"));
}

TEST(FlowTable, KeepsProtocolsApart) {
    TableRun run;
    run.add(a, b, 1);
    auto udp = tcp_packet(a, b, 2);
    udp.protocol = packet::Protocol::udp;
    run.table.add(udp, {});
    EXPECT_EQ(run.finish().size(), 2U);
}

TEST(FlowTable, FinAndRstEndNothing) {
    TableRun run;
    auto packet = tcp_packet(a, b, 1);
    packet.tcp_flags = packet::tcp_flag::fin | packet::tcp_flag::rst;
    run.table.add(packet, {});
    run.add(b, a, 2);
    EXPECT_EQ(run.finish().size(), 1U);
    EXPECT_EQ(run.collected.flows[0].packets[0].tcp_flags, packet.tcp_flags);
}

TEST(FlowTable, SilenceOfTheIdleTimeoutOpensANewFlow) {
    TableRun run;
    run.add(a, b, 0);
    run.add(a, b, 120 * second - 1);
    run.add(b, a, 240 * second - 1);
    EXPECT_THAT(run.finish(), ElementsAre("idle_timeout 1000: 0> 119999999999>",
                                          "capture_end 2000: 239999999999>"));
}

TEST(FlowTable, ClosesIdleFlowsAsTheClockGoes) {
    TableRun run;
    run.add(a, b, 0);
    run.add(a, c, 60 * second);
    run.add(b, c, 120 * second);
    EXPECT_THAT(lines(run.collected.flows), ElementsAre("idle_timeout 1000: 0>"));
    run.add(b, c, 200 * second);
    EXPECT_EQ(run.collected.flows.size(), 2U);
}

TEST(FlowTable, ActivityPutsOffTheIdleTimeout) {
    TableRun run;
    for (int i = 0; i < 10; ++i) run.add(a, b, i * 100 * second);
    EXPECT_EQ(run.finish().size(), 1U);
}

TEST(FlowTable, TheActiveTimeoutCutsARunningFlow) {
    FlowConfig config;
    config.active_timeout = 10;
    TableRun run(config);
    for (int i = 0; i <= 10; ++i) run.add(a, b, i * second);
    EXPECT_THAT(run.finish(), testing::SizeIs(2));
    EXPECT_EQ(run.collected.flows[0].packets.size(), 10U);
    EXPECT_EQ(run.collected.flows[0].end, FlowEnd::active_timeout);
}

TEST(FlowTable, ZeroTimeoutsNeverEndAFlow) {
    TableRun run({.idle_timeout = 0, .active_timeout = 0});
    for (auto const time : {earliest, base::Nanoseconds{0}, latest}) run.add(a, b, time);
    EXPECT_EQ(run.finish().size(), 1U);
}

TEST(FlowTable, CutsAtTheLimitOfPackets) {
    TableRun run({.max_packets = 2});
    for (int i = 0; i < 5; ++i) run.add(a, b, i);
    EXPECT_THAT(run.finish(), ElementsAre("packet_limit 1000: 0> 1>", "packet_limit 1000: 2> 3>",
                                          "capture_end 1000: 4>"));
}

TEST(FlowTable, KeepsPacketsOutOfOrderAsCaptured) {
    TableRun run;
    run.add(a, b, 50 * second);
    run.add(b, a, 10 * second);
    run.add(a, b, 60 * second);
    EXPECT_THAT(run.finish(),
                ElementsAre("capture_end 1000: 50000000000> 10000000000< 60000000000>"));
    EXPECT_EQ(run.table.counts().out_of_order, 1U);
}

TEST(FlowTable, ExtremeTimeStampsNeitherOverflowNorStick) {
    TableRun run;
    run.add(a, b, latest);  // the clock can go no further ..
    run.add(a, c, 0);
    run.add(a, c, 60 * second);
    run.add(a, c, 181 * second);  // .. but the flow's own stamps show the silence
    run.add(a, b, earliest);
    run.add(b, c, earliest);
    run.add(b, c, latest);
    EXPECT_THAT(
        run.finish(),
        ElementsAre("idle_timeout 1000: 0> 60000000000>",
                    "idle_timeout 2000: -9223372036854775808>", "capture_end 1000: 181000000000>",
                    "capture_end 1000: 9223372036854775807> -9223372036854775808>",
                    "capture_end 2000: 9223372036854775807>"));
}

TEST(FlowTable, FinishForgetsTheClock) {
    TableRun run;
    run.add(a, b, latest);
    run.table.finish();
    run.add(a, b, 0);
    run.add(a, c, 120 * second);
    EXPECT_EQ(run.ended(FlowEnd::idle_timeout), 1U);
}

TEST(FlowTable, FinishClosesTheOneIdleForLongestFirst) {
    TableRun run;
    run.add(a, b, 1);
    run.add(b, c, 2);
    run.add(c, a, 3);
    run.add(b, a, 4);
    EXPECT_THAT(run.finish(), ElementsAre("capture_end 2000: 2>", "capture_end 3000: 3>",
                                          "capture_end 1000: 1> 4<"));
    EXPECT_EQ(run.table.counts().packets, 4U);
    EXPECT_EQ(run.table.counts().flows, 3U);
}

TEST(FlowTable, KeepsAtMost65535BytesOfAPacket) {
    TableRun run;
    run.add(a, b, 1, test::Bytes(70'000, std::byte{7}));
    run.add(b, a, 2, test::Bytes(300, std::byte{9}));
    run.finish();
    auto const& flow = run.collected.flows.front();
    EXPECT_EQ(flow.bytes_of(flow.packets[0]).size(), 65'535U);
    EXPECT_THAT(flow.bytes_of(flow.packets[0]), testing::Each(std::byte{7}));
    EXPECT_EQ(flow.bytes_of(flow.packets[1]).size(), 300U);
    EXPECT_THAT(flow.bytes_of(flow.packets[1]), testing::Each(std::byte{9}));
}

TEST(FlowTable, StaysUsableWhenTheSinkThrows) {
    int calls = 0;
    FlowTable table({.max_packets = 1}, [&](Flow const&) {
        if (++calls == 1) throw std::runtime_error("disk full");
    });
    table.add(tcp_packet(a, b, 1), {});
    EXPECT_THROW(table.add(tcp_packet(a, b, 2), {}), std::runtime_error);
    table.add(tcp_packet(a, b, 3), {});
    table.finish();
    EXPECT_EQ(table.counts().flows, 2U);
}

TEST(FlowTable, RefusesASenselessConfig) {
    for (auto const& config :
         {FlowConfig{.idle_timeout = -1}, FlowConfig{.active_timeout = std::nan("")},
          FlowConfig{.idle_timeout = std::numeric_limits<double>::infinity()},
          FlowConfig{.max_packets = -1}, FlowConfig{.memory = 1000}}) {
        EXPECT_THROW(FlowTable(config, [](Flow const&) {}), base::Error);
    }
}

}  // namespace
}  // namespace tessera::flow
