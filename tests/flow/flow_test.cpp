#include "flow_packets.hpp"

#include <array>

#include <gtest/gtest.h>

#include <tessera/flow/flow.hpp>

namespace tessera::flow {
namespace {

using packet::Protocol;
using test::address;
using test::tcp_packet;

TEST(FlowKey, IsOneForBothDirections) {
    packet::Endpoint const client{address("10.0.0.1"), 40000};
    packet::Endpoint const server{address("10.0.0.2"), 443};
    auto const key = key_of(tcp_packet(client, server, 0));
    EXPECT_EQ(key, key_of(tcp_packet(server, client, 0)));
    EXPECT_EQ(key.low, client);
    EXPECT_EQ(key.high, server);
}

TEST(FlowKey, OrdersByPortWhereAddressesAreEqual) {
    packet::Endpoint const a{address("::1"), 9000};
    packet::Endpoint const b{address("::1"), 22};
    EXPECT_EQ(key_of(tcp_packet(a, b, 0)).low, b);
    EXPECT_EQ(key_of(tcp_packet(b, a, 0)).low, b);
}

TEST(FlowKey, HoldsEqualEndpoints) {
    packet::Endpoint const same{address("127.0.0.1"), 53};
    auto const key = key_of(tcp_packet(same, same, 0));
    EXPECT_EQ(key.low, same);
    EXPECT_EQ(key.high, same);
}

TEST(FlowKey, DiffersInEachField) {
    auto packet = tcp_packet({address("10.0.0.1"), 1}, {address("10.0.0.2"), 2}, 0);
    auto const key = key_of(packet);
    auto other = packet;
    other.protocol = Protocol::udp;
    EXPECT_NE(key_of(other), key);
    other = packet;
    other.source.port = 3;
    EXPECT_NE(key_of(other), key);
    other = packet;
    other.destination.address = address("10.0.0.3");
    EXPECT_NE(key_of(other), key);
}

// Expected values from CPython 3.11, whose hash of bytes is SipHash-1-3 with a zero key when
// PYTHONHASHSEED=0; the message is both addresses (4 or 16 bytes each), then struct.pack("<HHB",
// port, port, protocol).
TEST(FlowHash, IsSipHash13OfTheKey) {
    FlowKey const tcp{{address("10.0.0.1"), 40000}, {address("10.0.0.2"), 443}, Protocol::tcp};
    EXPECT_EQ(flow_hash(tcp, 0), 0xc8fa01a00a35a51aULL);
    FlowKey const udp{{address("2001:db8::1"), 5353}, {address("ff02::fb"), 5353}, Protocol::udp};
    EXPECT_EQ(flow_hash(udp, 0), 0xb8544fdd79c78625ULL);
}

TEST(FlowHash, DependsOnTheSeed) {
    FlowKey const key{{address("10.0.0.1"), 40000}, {address("10.0.0.2"), 443}, Protocol::tcp};
    EXPECT_NE(flow_hash(key, 1), flow_hash(key, 2));
}

// Expected values from a Python script that follows datasets/FORMAT.md.
TEST(PartOf, IsTheHashOfTheFormat) {
    constexpr std::uint32_t parts = 1U << 16U;
    packet::Endpoint const client{address("10.0.0.1"), 40000};
    packet::Endpoint const server{address("10.0.0.2"), 443};
    EXPECT_EQ(part_of(tcp_packet(client, server, 0), parts), 29721U);
    EXPECT_EQ(part_of(tcp_packet(server, client, 0), parts), 29721U);
    auto query = tcp_packet({address("2001:db8::1"), 5353}, {address("ff02::fb"), 5353}, 0);
    query.protocol = Protocol::udp;
    EXPECT_EQ(part_of(query, parts), 33177U);
}

TEST(PartOf, DealsFlowsOfOnePairOfHostsOutEvenly) {
    constexpr std::uint32_t parts = 16;
    constexpr std::uint32_t flows = 16'000;
    std::array<std::uint32_t, parts> dealt{};
    for (std::uint32_t i = 0; i < flows; ++i) {
        packet::Endpoint const client{address("10.0.0.1"), static_cast<std::uint16_t>(1024 + i)};
        ++dealt[part_of(tcp_packet(client, {address("10.0.0.2"), 443}, 0), parts)];
    }
    // Five deviations of a fair draw: sqrt(1000) flows are one.
    for (auto const count : dealt) EXPECT_NEAR(count, flows / parts, 160);
}

TEST(FlowEnd, HasANameForEach) {
    EXPECT_STREQ(name(FlowEnd::idle_timeout), "idle_timeout");
    EXPECT_STREQ(name(FlowEnd::evicted), "evicted");
    EXPECT_STREQ(name(FlowEnd::memory_share), "memory_share");
}

}  // namespace
}  // namespace tessera::flow
