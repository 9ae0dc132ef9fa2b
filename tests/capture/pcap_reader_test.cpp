#include "read_all.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tessera/base/error.hpp>

namespace tessera::capture {

using test::ByteOrder;
using test::Bytes;
using test::PcapWriter;
using test::read_all;
using test::operator+;

namespace {

Bytes some_bytes(std::size_t count, unsigned first = 0) {
    Bytes bytes(count);
    for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::byte>(first + i);
    return bytes;
}

std::string refusal(Bytes const& bytes) {
    try {
        read_all(bytes);
    } catch (base::Error const& error) {
        EXPECT_EQ(error.code(), base::ExitCode::bad_input);
        return error.what();
    }
    return "";
}

}  // namespace

TEST(PcapReader, ByteOrdersAndClocks) {
    constexpr base::Nanoseconds time = 1'700'000'000'123'456'789;
    for (auto const order : {ByteOrder::little, ByteOrder::big}) {
        for (auto const magic : {0xa1b2c3d4U, 0xa1b23c4dU}) {
            PcapWriter writer({.order = order, .magic = magic, .link_type = 113});
            writer.add(some_bytes(60), time);
            writer.add(some_bytes(0), 0, 1500);
            writer.add(some_bytes(7, 9), time + 1'000'000'000, 99);
            auto const read = read_all(writer.bytes());
            ASSERT_EQ(read.packets.size(), 3U);
            EXPECT_FALSE(read.fault);
            bool const nanoseconds = magic == 0xa1b23c4d;
            EXPECT_EQ(read.format, std::string("pcap ") + (nanoseconds ? "ns " : "us ") +
                                       (order == ByteOrder::little ? "LE" : "BE"));
            EXPECT_EQ(read.packets[0].time, nanoseconds ? time : time / 1000 * 1000);
            EXPECT_EQ(read.packets[0].bytes, some_bytes(60));
            EXPECT_EQ(read.packets[0].link, packet::LinkType::linux_cooked);
            EXPECT_EQ(read.packets[1].wire_length, 1500);
            EXPECT_EQ(read.packets[2].bytes, some_bytes(7, 9));
            EXPECT_EQ(read.packets[2].wire_length, 99);
        }
    }
}

TEST(PcapReader, TimesAfter2038AndOddFractions) {
    auto const header = PcapWriter().bytes();
    auto const late = test::hex("ffffffff ffffffff 00000000 00000000");
    auto const read = read_all(header + late);
    EXPECT_EQ(read.packets.at(0).time, 4'294'967'295LL * 1'000'000'000 + 4'294'967'295LL * 1000);
}

TEST(PcapReader, EveryCutEndsInALocatedFault) {
    PcapWriter writer;
    writer.add(some_bytes(20), 1'000'000'000);
    writer.add(some_bytes(30), 2'000'000'000);
    auto const& whole = writer.bytes();
    constexpr std::size_t first = 24;
    constexpr std::size_t second = first + 16 + 20;
    for (std::size_t size = first; size <= whole.size(); ++size) {
        auto const read = read_all(Bytes(whole.begin(), whole.begin() + static_cast<long>(size)));
        std::size_t const packets = size == whole.size() ? 2 : size >= second ? 1 : 0;
        EXPECT_EQ(read.packets.size(), packets) << size;
        bool const clean = size == first || size == second || size == whole.size();
        ASSERT_EQ(read.fault.has_value(), !clean) << size;
        if (clean) continue;
        EXPECT_EQ(read.fault->offset, size < second ? first : second);
        EXPECT_EQ(read.fault->record, packets + 1);
    }
}

TEST(PcapReader, FaultIsOneLine) {
    PcapWriter writer;
    writer.add(some_bytes(20));
    auto const read = read_all(writer.bytes() + some_bytes(7));
    EXPECT_EQ(to_text(*read.fault),
              "byte 60, record 2: packet header is cut: 7 of 16 bytes are there");
}

TEST(PcapReader, CapturedLengthIsBelievedUpToTheLimit) {
    auto packets_of = [](std::uint32_t snap_length, std::size_t captured) {
        PcapWriter writer({.snap_length = snap_length});
        writer.add(Bytes(captured));
        return read_all(writer.bytes()).packets.size();
    };
    EXPECT_EQ(packets_of(65'535, 262'144), 1U);  // above the snap length, as real captures have it
    EXPECT_EQ(packets_of(65'535, 262'145), 0U);
    EXPECT_EQ(packets_of(300'000, 300'000), 1U);
    EXPECT_EQ(packets_of(300'000, 300'001), 0U);
    EXPECT_EQ(packets_of(0, 262'144), 1U);
    EXPECT_EQ(packets_of(0xffffffff, 262'145), 0U);
    EXPECT_EQ(packets_of(1U << 30U, 262'145), 0U);
}

TEST(PcapReader, ClaimsOfHugePacketsAreFaults) {
    auto const claim = test::hex("00000000 00000000 ffffffff ffffffff");
    auto const read = read_all(PcapWriter().bytes() + claim);
    EXPECT_EQ(read.fault->offset, 24);
    EXPECT_THAT(read.fault->reason, testing::HasSubstr("4294967295"));
}

TEST(PcapReader, ModifiedRecordHeaders) {
    auto const header = PcapWriter({.magic = 0xa1b2cd34}).bytes();
    auto const record = test::hex("01000000 02000000 04000000 05000000 03000000 0008 04 00") +
                        test::hex("aabbccdd");
    auto const read = read_all(header + record + record);
    EXPECT_EQ(read.format, "pcap modified LE");
    ASSERT_EQ(read.packets.size(), 2U);
    EXPECT_EQ(read.packets[1].bytes, test::hex("aabbccdd"));
    EXPECT_EQ(read.packets[1].wire_length, 5);
    EXPECT_EQ(read.packets[1].time, 1'000'002'000);
}

TEST(PcapReader, LongRecordsUnderTheStandardMagicAreRecognised) {
    auto const record = test::hex("00f15365 02000000 3c000000 3c000000 03000000 0008 04 00");
    auto bytes = PcapWriter().bytes();
    for (int i = 0; i < 20; ++i) bytes = bytes + record + some_bytes(60, 100);
    auto const read = read_all(bytes);
    EXPECT_EQ(read.format, "pcap us LE with 24-byte records");
    ASSERT_EQ(read.packets.size(), 20U);
    EXPECT_EQ(read.packets[19].bytes, some_bytes(60, 100));
    EXPECT_FALSE(read.fault);
}

TEST(PcapReader, LengthsOfOldVersions) {
    auto bytes = PcapWriter().bytes();
    auto const record = test::hex("00000000 00000000 09000000 04000000 aabbccdd");
    bytes[6] = std::byte{2};  // 2.2: wire length first
    EXPECT_EQ(read_all(bytes + record).packets.at(0).wire_length, 9);
    bytes[6] = std::byte{3};  // 2.3: either
    EXPECT_EQ(read_all(bytes + record).packets.at(0).bytes.size(), 4U);
    auto const straight = test::hex("00000000 00000000 04000000 09000000 aabbccdd");
    EXPECT_EQ(read_all(bytes + straight).packets.at(0).wire_length, 9);
}

TEST(PcapReader, LinkTypeWithChecksumBits) {
    PcapWriter writer({.link_type = 0x24000001});
    writer.add(some_bytes(4));
    EXPECT_EQ(read_all(writer.bytes()).packets.at(0).link, packet::LinkType::ethernet);
    PcapWriter wide({.link_type = 0x00010001});  // not Ethernet because its low half is 1
    wide.add(some_bytes(4));
    EXPECT_EQ(static_cast<unsigned>(read_all(wide.bytes()).packets.at(0).link), 0xffffU);
}

TEST(PcapReader, NoPacketsIsNoError) {
    auto const read = read_all(PcapWriter().bytes());
    EXPECT_TRUE(read.packets.empty());
    EXPECT_FALSE(read.fault);
}

TEST(PcapReader, WhatIsNoCapture) {
    using testing::HasSubstr;
    EXPECT_THAT(refusal({}), HasSubstr("empty"));
    EXPECT_THAT(refusal(test::hex("d4c3b2a1 0200")), HasSubstr("6 of 24"));
    EXPECT_THAT(refusal(test::text("version https://git-lfs.github.com/spec/v1")),
                HasSubstr("git lfs pull"));
    EXPECT_THAT(refusal(test::text("<!DOCTYPE html>")), HasSubstr("web page"));
    EXPECT_THAT(refusal(test::text("PK\3\4")), HasSubstr("0x504b0304"));
    EXPECT_THAT(refusal(test::text("P")), HasSubstr("0x50"));
    auto version = PcapWriter().bytes();
    version[6] = std::byte{5};
    EXPECT_THAT(refusal(version), HasSubstr("version 2.5"));
}

TEST(PcapReader, ProgressReachesTheSize) {
    PcapWriter writer;
    for (int i = 0; i < 10; ++i) writer.add(some_bytes(100));
    test::Scratch const scratch;
    auto const reader = open_capture(test::save(scratch / "a", writer.bytes()));
    EXPECT_EQ(reader->size(), writer.bytes().size());
    EXPECT_EQ(reader->position(), 24U);
    for (packet::Frame frame; reader->next(frame);) {
    }
    EXPECT_EQ(reader->position(), reader->size());
}

// Longer than one stretch of the mapping, so that the window moves inside of a record.
TEST(PcapReader, WindowMovesOverALargeFile) {
    PcapWriter writer;
    for (unsigned i = 0; i < 160; ++i) writer.add(some_bytes(262'100, i), i * 1000);
    auto const read = read_all(writer.bytes());
    ASSERT_EQ(read.packets.size(), 160U);
    for (unsigned i = 0; i < 160; ++i) EXPECT_EQ(read.packets[i].bytes, some_bytes(262'100, i));
}

}  // namespace tessera::capture
