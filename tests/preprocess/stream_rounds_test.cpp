#include "rounds.hpp"

#include <filesystem>

#include <capture_builder.hpp>
#include <gtest/gtest.h>
#include <shared_scratch.hpp>

namespace tessera::preprocess {
namespace {

// Progress is told and a signal heeded between rounds, so a round must end though nothing is
// posted. Every rank runs this.
TEST(StreamRounds, EndAlsoWhereAFilterDropsEveryPacket) {
    test::SharedScratch scratch;
    auto const path = scratch.path / "a.pcap";
    if (scratch.comm.is_root()) {
        auto const frame = test::frame({.payload = test::Bytes(60'000)});
        test::PcapWriter writer;
        for (int i = 0; i < 400; ++i) writer.add(frame, i);
        test::save(path, writer.bytes());
    }
    comm::barrier(scratch.comm);
    PreprocessConfig config;
    config.filter = "udp";
    capture::CaptureFile const file{path, "a.pcap", std::filesystem::file_size(path)};
    auto const rounds = stream_rounds(scratch.comm, config, file);
    PacketPost post(config, file.name, 2, scratch.comm.size(), [](std::uint32_t) { return 0; });
    comm::Messages received;
    std::uint64_t told = 0;
    bool const more = rounds->next(
        post, [] {}, [&](std::uint64_t bytes) { told += bytes; });
    EXPECT_TRUE(more);
    if (scratch.comm.is_root()) {
        EXPECT_GT(told, 0U);
        EXPECT_LT(told, file.bytes);
    }
    post.send(scratch.comm, received);
    EXPECT_FALSE(rounds->next(
        post, [] {}, [](std::uint64_t) {}));
}

}  // namespace
}  // namespace tessera::preprocess
