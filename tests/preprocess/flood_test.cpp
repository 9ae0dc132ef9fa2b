#include <string>

#include <capture_builder.hpp>
#include <failing_files.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <shared_scratch.hpp>

#include <tessera/comm/communicator.hpp>
#include <tessera/flow/flow.hpp>
#include <tessera/packet/decode.hpp>
#include <tessera/preprocess/preprocess.hpp>

// Captures made to exhaust whoever keeps flows. Every rank runs these, alone and together: the same
// store, within the same memory.
namespace tessera::preprocess {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t memory = 2 << 20;  // of which flows have half
constexpr std::uint64_t packets = 30'000;

/// Packet `number` of a flood: a client address that tells it, the rest as given.
test::Bytes packet_of(test::PacketSpec spec, std::uint32_t number) {
    spec.source =
        fmt::format("10.{}.{}.{}", number >> 16U & 0xffU, number >> 8U & 0xffU, number & 0xffU);
    return test::frame(spec);
}

std::uint32_t part_of(test::Bytes const& frame, std::uint32_t parts) {
    packet::Packet packet;
    packet::decode({frame, static_cast<std::uint32_t>(frame.size()), packet::LinkType::ethernet, 0},
                   packet);
    return flow::part_of(packet, parts);
}

class Flood : public testing::Test {
  protected:
    /// Saves the capture; rank 0 alone.
    template <class Next>
    void make(Next const& next) {
        if (scratch_.comm.is_root()) {
            test::PcapWriter writer;
            for (std::uint64_t i = 0; i < packets; ++i) {
                writer.add(next(), static_cast<base::Nanoseconds>(i) * 1'000);
            }
            test::save(scratch_.path / "flood.pcap", writer.bytes());
        }
        comm::barrier(scratch_.comm);
    }

    PreprocessConfig config(std::string const& store, std::int64_t share) const {
        PreprocessConfig config;
        config.input = {(scratch_.path / "flood.pcap").string()};
        config.store = scratch_.path / store;
        config.memory = memory;
        config.share_bytes = share;
        return config;
    }

    /// The same alone and on all ranks, by one reader and shared; gives what the latter says.
    dataset::Manifest run_all_ways() {
        auto const size = static_cast<std::int64_t>(fs::file_size(scratch_.path / "flood.pcap"));
        dataset::Manifest manifest;
        for (auto const share : {std::int64_t{0}, size / 4 + 1}) {
            auto const together = config(fmt::format("together-{}", share), share);
            auto const result = preprocess(scratch_.comm, together, base::local_files(), {});
            manifest = result.manifest;
            EXPECT_EQ(result.warnings.size(), manifest.flow_ends.count("memory_share"));
            EXPECT_EQ(manifest.packets_kept, packets);
            if (scratch_.comm.is_root()) {
                auto const alone = config(fmt::format("alone-{}", share), share);
                preprocess({}, alone, base::local_files(), {});
                EXPECT_EQ(test::contents(alone.store), test::contents(together.store)) << share;
            }
            comm::barrier(scratch_.comm);
        }
        return manifest;
    }

    test::SharedScratch scratch_;
};

TEST_F(Flood, OnePacketFlowsEvictEachOther) {
    std::uint32_t number = 0;
    make([&] { return packet_of({}, number++); });
    auto const manifest = run_all_ways();
    EXPECT_EQ(manifest.counts.flows, packets);
    EXPECT_GT(manifest.flow_ends.at("evicted"), packets / 2);
}

// The share of flows is found by a hash whose key is known: who knows it can aim at one share. That
// costs balance; the memory of the share holds, and the packets are all there.
TEST_F(Flood, FlowsAimedAtOneShareStayWithinItsMemory) {
    constexpr std::uint32_t parts = 4;
    constexpr std::uint32_t aim = 3;
    std::uint32_t number = 0;
    make([&] {
        test::Bytes frame;
        do {
            frame = packet_of({}, number++);
        } while (part_of(frame, parts) != aim);
        return frame;
    });
    auto const manifest = run_all_ways();
    ASSERT_EQ(manifest.captures.size(), parts);
    for (auto const& part : manifest.captures) {
        EXPECT_EQ(part.packets_kept, part.part == aim ? packets : 0U) << part.part;
    }
    EXPECT_GT(manifest.flow_ends.at("evicted"), packets / 2);
}

// An unkeyed sum or exclusive or of the ends is the same for all of these flows.
TEST_F(Flood, FlowsOfEqualSumsAreToldApart) {
    std::uint32_t number = 0;
    make([&] {
        auto const other = (0x0a000000U + number) ^ 0x01020304U;
        test::PacketSpec spec;
        spec.destination = fmt::format("{}.{}.{}.{}", other >> 24U, other >> 16U & 0xffU,
                                       other >> 8U & 0xffU, other & 0xffU);
        return packet_of(spec, number++);
    });
    EXPECT_EQ(run_all_ways().counts.flows, packets);
}

// Every second byte of a stream is missing: nothing is kept for what may still come.
TEST_F(Flood, GapsOfOneByteCostNothing) {
    test::PacketSpec spec;
    spec.payload = test::text("g");
    make([&] {
        spec.sequence += 2;
        return test::frame(spec);
    });
    auto const manifest = run_all_ways();
    EXPECT_EQ(manifest.counts.packets, packets);
    EXPECT_LT(manifest.counts.flows, 40U);  // cut where a flow has its share of the memory
    EXPECT_EQ(manifest.flow_ends.at("memory_share"), manifest.counts.flows - 1);
    EXPECT_EQ(manifest.flow_ends.count("packet_limit"), 0U);
}

}  // namespace
}  // namespace tessera::preprocess
