#include "flow_packets.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include <tessera/flow/flow_table.hpp>

namespace {

std::atomic<std::uint64_t> allocations{0};

}  // namespace

// Counts what this test program allocates.
void* operator new(std::size_t size) {
    ++allocations;
    if (auto* memory = std::malloc(size)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace tessera::flow {
namespace {

using test::endpoint;
using test::tcp_packet;

constexpr std::int64_t mebibyte = 1 << 20;
packet::Endpoint const server{test::address("10.0.0.1"), 443};

std::uint64_t ended(FlowTable const& table, FlowEnd end) {
    return table.counts().by_end[static_cast<std::size_t>(end)];
}

TEST(FlowMemory, OnePacketFlowsStayWithinTheLimit) {
    std::uint64_t seen = 0;
    FlowTable table({.memory = 8 * mebibyte}, [&](Flow const& flow) {
        ASSERT_EQ(flow.packets.size(), 1U);
        ASSERT_EQ(flow.packets[0].time, static_cast<base::Nanoseconds>(seen));  // oldest first
        ++seen;
    });
    test::Bytes const kept(64);
    for (std::uint32_t n = 0; n < 200'000; ++n) table.add(tcp_packet(endpoint(n), server, n), kept);
    auto const counts = table.counts();
    EXPECT_LE(counts.peak_bytes, 8U * mebibyte);
    EXPECT_GT(counts.peak_bytes, 5U * mebibyte);  // the memory is used, too
    EXPECT_GT(ended(table, FlowEnd::evicted), 150'000U);
    table.finish();
    EXPECT_EQ(seen, 200'000U);
    EXPECT_EQ(table.counts().flows, 200'000U);
}

// Idle flows leave by themselves: a scan that lasts longer than the time-out evicts nothing.
TEST(FlowMemory, ASlowScanEvictsNothing) {
    std::uint64_t seen = 0;
    FlowTable table({.memory = 8 * mebibyte}, [&](Flow const&) { ++seen; });
    for (std::uint32_t n = 0; n < 200'000; ++n) {
        table.add(tcp_packet(endpoint(n), server, n * test::second / 50), {});
    }
    EXPECT_EQ(ended(table, FlowEnd::evicted), 0U);
    EXPECT_EQ(ended(table, FlowEnd::idle_timeout), 200'000U - 120U * 50U);
    EXPECT_LE(table.counts().peak_bytes, 3U * mebibyte);
}

TEST(FlowMemory, ABusyFlowOutlivesAFlood) {
    std::uint64_t server_packets = 0;
    auto const client = endpoint(1'000'000);
    FlowTable table({.memory = mebibyte}, [&](Flow const& flow) {
        if (flow.initiator() == client) server_packets = flow.packets.size();
    });
    for (std::uint32_t n = 0; n < 50'000; ++n) {
        if (n % 1000 == 0) table.add(tcp_packet(client, server, n), {});
        table.add(tcp_packet(endpoint(n), server, n), {});
    }
    table.finish();
    EXPECT_EQ(server_packets, 50U);
}

// One endless flow, and a few fat ones that each hold their share: cut or evicted, never over.
TEST(FlowMemory, FatFlowsStayWithinTheLimit) {
    for (std::uint32_t const flows : {1U, 20U}) {
        std::uint64_t packets = 0;
        std::uint64_t bytes = 0;
        FlowTable table({.max_packets = 0, .memory = mebibyte}, [&](Flow const& flow) {
            packets += flow.packets.size();
            bytes += flow.bytes.size();
        });
        for (std::uint32_t n = 0; n < 5000; ++n) {
            test::Bytes const kept(n % 3 == 0 ? 65'535 : n % 2000);
            table.add(tcp_packet(endpoint(n % flows), server, n), kept);
            packets -= 1;
            bytes -= kept.size();
        }
        table.finish();
        EXPECT_EQ(packets, 0U);
        EXPECT_EQ(bytes, 0U);
        if (flows == 1) {
            EXPECT_GT(ended(table, FlowEnd::memory_share), 0U);
        }
        EXPECT_EQ(ended(table, FlowEnd::packet_limit), 0U);
        EXPECT_LE(table.counts().peak_bytes, static_cast<std::uint64_t>(mebibyte));
    }
}

TEST(FlowMemory, SteadyStateAllocatesNothing) {
    std::uint64_t bytes = 0;
    FlowTable table({.max_packets = 50}, [&](Flow const& flow) { bytes += flow.bytes.size(); });
    test::Bytes const kept(64);
    auto const round = [&] {
        for (std::uint32_t n = 0; n < 50'000; ++n) {
            table.add(tcp_packet(endpoint(n % 500 * (n % 7)), server, n * 1'000'000), kept);
        }
        table.finish();
    };
    round();
    auto const before = allocations.load();
    round();
    EXPECT_EQ(allocations.load(), before);
    EXPECT_EQ(bytes, 2U * 50'000U * 64U);
}

}  // namespace
}  // namespace tessera::flow
