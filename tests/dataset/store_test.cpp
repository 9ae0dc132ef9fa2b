#include "made_flows.hpp"
#include "scratch.hpp"

#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/dataset/store.hpp>

namespace tessera {
namespace {

using dataset::open_store;
using dataset::Store;
using test::MadeUnit;

std::string bytes_of(std::filesystem::path const& path) {
    return base::read_text(path);
}

// Bigrams written down again, so that the oracle is not the code under test.
std::vector<token::TokenId> expected_tokens(flow::Flow const& flow,
                                            flow::FlowPacket const& packet) {
    std::vector<token::TokenId> tokens;
    for (std::size_t i = 1; i < packet.bytes_size; ++i) {
        auto const high = std::to_integer<unsigned>(flow.bytes[packet.bytes_begin + i - 1]);
        auto const low = std::to_integer<unsigned>(flow.bytes[packet.bytes_begin + i]);
        tokens.push_back(static_cast<token::TokenId>(high << 8U | low));
    }
    return tokens;
}

void expect_packets(Store const& store, dataset::FlowView const& view, flow::Flow const& flow) {
    ASSERT_EQ(view.packets, flow.packets.size());
    std::vector<token::TokenId> all;
    for (std::size_t i = 0; i < flow.packets.size(); ++i) {
        auto const packet = store.packet(view.first_packet + i);
        auto const& wanted = flow.packets[i];
        auto const tokens = expected_tokens(flow, wanted);
        EXPECT_TRUE(
            std::equal(packet.tokens.begin(), packet.tokens.end(), tokens.begin(), tokens.end()));
        EXPECT_EQ(packet.time, wanted.time);
        EXPECT_EQ(packet.wire_length, wanted.wire_length);
        EXPECT_EQ(packet.payload_length, wanted.payload_length);
        EXPECT_EQ(packet.direction, wanted.direction);
        EXPECT_EQ(packet.tcp_flags, wanted.tcp_flags);
        all.insert(all.end(), tokens.begin(), tokens.end());
    }
    EXPECT_TRUE(std::equal(view.tokens.begin(), view.tokens.end(), all.begin(), all.end()));
}

void expect_bursts(Store const& store, std::uint64_t index, dataset::FlowView const& view) {
    std::uint64_t packet = view.first_packet;
    std::size_t tokens = 0;
    for (std::uint64_t i = 0; i < view.bursts; ++i) {
        auto const burst = store.burst(view.first_burst + i);
        EXPECT_EQ(burst.flow, index);
        EXPECT_EQ(burst.first_packet, packet);
        EXPECT_EQ(store.packet(packet).direction, burst.direction);
        packet += burst.packets;
        tokens += burst.tokens.size();
        if (i > 0) {
            EXPECT_NE(burst.direction, store.burst(view.first_burst + i - 1).direction);
        }
    }
    EXPECT_EQ(packet, view.first_packet + view.packets);
    EXPECT_EQ(tokens, view.tokens.size());
}

void expect_flow(Store const& store, std::uint64_t index, test::MadeFlow const& made,
                 std::string const& capture) {
    auto const view = store.flow(index);
    EXPECT_EQ(view.key(), made.flow.key);
    EXPECT_EQ(view.initiator, made.flow.initiator());
    EXPECT_EQ(view.responder, made.flow.responder());
    EXPECT_EQ(view.end, made.flow.end);
    EXPECT_EQ(view.first, made.flow.packets.front().time);
    EXPECT_EQ(view.last, made.flow.packets.back().time);
    EXPECT_EQ(store.manifest().captures[view.capture].path, capture);
    for (std::size_t set = 0; set < made.labels.size(); ++set) {
        EXPECT_EQ(store.label(index, set), made.labels[set]);
    }
    expect_packets(store, view, made.flow);
    expect_bursts(store, index, view);
}

void expect_units(Store const& store, std::vector<MadeUnit> const& units) {
    std::uint64_t index = 0;
    for (auto const& unit : units) {
        for (auto const& made : unit.flows) {
            expect_flow(store, index++, made, unit.captures[made.capture]);
        }
    }
    EXPECT_EQ(index, store.flows());
}

TEST(Store, GivesBackWhatWasWritten) {
    test::Scratch scratch;
    auto units = test::random_units(1, 4, 30);
    units[2].flows.clear();  // a unit without flows leaves an empty shard
    test::write_store(base::local_files(), scratch.path(), units, test::three_classes());
    expect_units(open_store(scratch.path()), units);
}

TEST(Store, IsTheSameWhenColumnsGoThroughTheTemporaryFile) {
    test::Scratch in_memory;
    test::Scratch spooled;
    auto const units = test::random_units(2, 2, 50);
    test::write_store(base::local_files(), in_memory.path(), units, test::three_classes());
    test::write_store(base::local_files(), spooled.path(), units, test::three_classes(), 1000);
    for (auto const* file : {"shard-00000.h5", "shard-00001.h5", "index.h5", "manifest.json"}) {
        EXPECT_EQ(bytes_of(in_memory / file), bytes_of(spooled / file)) << file;
    }
}

TEST(Store, HasEqualBytesHoweverLateItIsWritten) {
    test::Scratch early;
    test::Scratch late;
    auto const units = test::random_units(3, 1, 20);
    test::write_store(base::local_files(), early.path(), units, test::three_classes());
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // HDF5 stamps count in seconds
    test::write_store(base::local_files(), late.path(), units, test::three_classes());
    for (auto const* file : {"shard-00000.h5", "index.h5", "manifest.json"}) {
        EXPECT_EQ(bytes_of(early / file), bytes_of(late / file)) << file;
    }
}

TEST(Store, PlacesLargeColumnsAtMebibytesAndStaysSmallOtherwise) {
    test::Scratch scratch;
    auto flow = test::flow_between(test::endpoint_v4(1, 1), test::endpoint_v4(2, 2));
    for (int i = 0; i < 40'000; ++i) {
        test::add_packet(flow, flow::Direction::forward, i, std::vector<std::uint8_t>(64), 100);
    }
    MadeUnit const large{{"l.pcap"}, {{flow, 0, {}}}};
    MadeUnit const small{{"s.pcap"}, {{test::example_flow(), 0, {}}}};
    auto const manifest =
        test::write_store(base::local_files(), scratch.path(), {large, small}, {});
    auto const& shard = manifest.shards[0];
    ASSERT_GE(shard.counts.tokens * 2, 4U << 20U);
    EXPECT_EQ(shard.columns.at("/tokens") % (1U << 20U), 0U);
    EXPECT_LT(manifest.shards[1].bytes, 32'768U);
    expect_units(open_store(scratch.path()), {large, small});
}

TEST(Store, HoldsNothingWhenNoCaptureCouldBeRead) {
    test::Scratch scratch;
    dataset::UnitReport report;
    dataset::ShardSettings settings;
    settings.folder = scratch.path();
    settings.identity = dataset::token_identity({});
    report.shard = dataset::ShardWriter(base::local_files(), settings).finish();
    report.failed.push_back({"bad.pcap", "no capture"});
    auto manifest = dataset::assemble({report}, settings.identity, {}, "");
    manifest.index = dataset::write_index(base::local_files(), scratch.path(), manifest);
    dataset::publish_manifest(base::local_files(), scratch.path(), manifest);
    auto const store = open_store(scratch.path());
    EXPECT_EQ(store.flows(), 0U);
    EXPECT_EQ(store.manifest().captures_failed.at(0).path, "bad.pcap");
    EXPECT_THROW(store.flow(0), base::Error);
}

TEST(Store, RefusesAFolderWithoutManifest) {
    test::Scratch scratch;
    try {
        open_store(scratch.path());
        FAIL();
    } catch (base::Error const& error) {
        EXPECT_EQ(error.code(), base::ExitCode::bad_input);
        EXPECT_NE(std::string(error.what()).find("no token store"), std::string::npos);
    }
}

TEST(Store, FindsAShardThatWasCut) {
    test::Scratch scratch;
    test::write_store(base::local_files(), scratch.path(), test::random_units(4, 1, 5),
                      test::three_classes());
    std::filesystem::resize_file(scratch / "shard-00000.h5",
                                 std::filesystem::file_size(scratch / "shard-00000.h5") - 1);
    EXPECT_THROW(open_store(scratch.path(), dataset::StoreCheck::sizes), base::Error);
}

}  // namespace
}  // namespace tessera
