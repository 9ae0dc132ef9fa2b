#include "node_reading.hpp"

#include <algorithm>
#include <filesystem>

#include <capture_builder.hpp>
#include <gtest/gtest.h>
#include <shared_scratch.hpp>

#include <tessera/base/error.hpp>

namespace tessera::preprocess {
namespace {

constexpr std::uint32_t parts = 8;

/// What came out of a capture, each packet by its time stamp.
struct Read {
    std::vector<std::int64_t> times;
    std::uint64_t dropped = 0;
    std::optional<capture::ReadFault> fault;
};

/// Every rank runs this. Chunks are of 4 KiB.
class NodeReadingTest : public testing::Test {
  protected:
    NodeReadingTest() { config_.share_bytes = 1 << 20; }

    void save(test::Bytes const& bytes) {
        if (scratch_.comm.is_root()) test::save(path_, bytes);
        comm::barrier(scratch_.comm);
    }

    std::unique_ptr<NodeReading> open() {
        return NodeReading::open(
            scratch_.comm, config_, {path_, "a.pcap", std::filesystem::file_size(path_)}, parts,
            [&](std::uint32_t part) { return static_cast<int>(part) % scratch_.comm.size(); });
    }

    /// By all ranks together; the times as they came, so those of a part are in order.
    Read together() {
        auto const reading = open();
        Read read;
        EXPECT_NE(reading, nullptr);
        std::uint64_t bytes = 0;
        reading->run(
            [&](std::uint32_t part, packet::Packet const& packet, base::ByteSpan) {
                EXPECT_EQ(static_cast<int>(part) % scratch_.comm.size(), scratch_.comm.rank());
                read.times.push_back(packet.time);
            },
            [](packet::Frame const&) { ADD_FAILURE() << "a fragment"; },
            [&](std::uint64_t more) { bytes += more; });
        read.fault = reading->fault();
        read.dropped = reading->counts().drops.total();
        if (!any(read.fault.has_value())) {
            EXPECT_EQ(bytes, std::filesystem::file_size(path_));
        }
        EXPECT_TRUE(std::ranges::is_sorted(read.times));
        return read;
    }

    Read alone() const {
        Read read;
        auto const reader = capture::open_capture(path_, {});
        PacketIntake intake(config_);
        intake.begin_capture("a.pcap");
        packet::Frame frame;
        while (reader->next(frame)) {
            if (intake.take(frame)) read.times.push_back(intake.packet.time);
        }
        read.fault = reader->fault();
        read.dropped = intake.counts.drops.total();
        return read;
    }

    bool any(bool mine) const {
        return comm::all_reduce(scratch_.comm, std::int64_t{mine ? 1 : 0}, comm::Op::max) > 0;
    }
    std::int64_t sum(std::uint64_t mine) const {
        return comm::all_reduce(scratch_.comm, static_cast<std::int64_t>(mine), comm::Op::sum);
    }

    void expect_all_is_read_once() {
        auto const one = alone();
        auto const all = together();
        EXPECT_EQ(sum(all.times.size()), static_cast<std::int64_t>(one.times.size()));
        EXPECT_EQ(sum(all.dropped), static_cast<std::int64_t>(one.dropped));
        for (auto const time : all.times) EXPECT_TRUE(std::ranges::count(one.times, time) == 1);
        EXPECT_EQ(any(all.fault.has_value()), one.fault.has_value());
        if (all.fault) {
            EXPECT_EQ(capture::to_text(*all.fault), capture::to_text(*one.fault));
        }
    }

    test::SharedScratch scratch_;
    PreprocessConfig config_;

  private:
    std::filesystem::path path_ = scratch_.path / "a.pcap";
};

/// 600 packets of as many flows; each hundredth is longer than three chunks, some hold no IP.
test::Bytes capture() {
    test::PcapWriter writer;
    for (std::size_t i = 0; i < 600; ++i) {
        test::PacketSpec spec{.payload = test::Bytes(i % 100 == 50 ? 14'000 : 40 + i % 300)};
        spec.source_port = static_cast<std::uint16_t>(1'000 + i);
        auto frame = test::frame(spec);
        if (i % 17 == 3) frame[12] = std::byte{0x88};  // another EtherType
        writer.add(frame, static_cast<base::Nanoseconds>(1'000 * i));
    }
    return writer.bytes();
}

TEST_F(NodeReadingTest, EveryPacketComesToItsOwnerOnce) {
    if (scratch_.comm.size() == 1) GTEST_SKIP() << "one rank shares with nobody";
    save(capture());
    expect_all_is_read_once();
}

TEST_F(NodeReadingTest, ACutFileHasTheSameFault) {
    if (scratch_.comm.size() == 1) GTEST_SKIP() << "one rank shares with nobody";
    auto const whole = capture();
    for (std::size_t const cut : {7U, 5'000U, 100'000U}) {
        save({whole.begin(), whole.end() - static_cast<std::ptrdiff_t>(cut)});
        expect_all_is_read_once();
    }
}

TEST_F(NodeReadingTest, ADamagedRecordInTheMiddleEndsItForAll) {
    if (scratch_.comm.size() == 1) GTEST_SKIP() << "one rank shares with nobody";
    auto bytes = capture();
    std::size_t at = 24;
    for (int i = 0; i < 300; ++i) {
        at += 16 + base::load_little_endian<std::uint32_t>(bytes, at + 8);
    }
    bytes[at + 11] = std::byte{0x7f};  // its captured length
    save(bytes);
    expect_all_is_read_once();
}

TEST_F(NodeReadingTest, OneRankThatFailsEndsItForAll) {
    if (scratch_.comm.size() == 1) GTEST_SKIP() << "one rank shares with nobody";
    save(capture());
    auto const reading = open();
    ASSERT_NE(reading, nullptr);
    auto const run = [&] {
        reading->run([](std::uint32_t, packet::Packet const&, base::ByteSpan) {},
                     [](packet::Frame const&) {},
                     [&](std::uint64_t) {
                         base::validate(scratch_.comm.rank() != 1, base::ExitCode::failed,
                                        "enough");
                     });
    };
    EXPECT_THROW(comm::agreed(scratch_.comm, run), comm::AgreedError);
}

TEST_F(NodeReadingTest, TooLittleMemoryForItIsNoError) {
    config_.memory = 64 << 10;
    save(capture());
    EXPECT_EQ(open(), nullptr);
}

}  // namespace
}  // namespace tessera::preprocess
