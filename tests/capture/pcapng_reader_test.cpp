#include "pcapng_builder.hpp"
#include "read_all.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tessera/base/error.hpp>

namespace tessera::capture {

using test::ByteOrder;
using test::Bytes;
using test::PcapngWriter;
using test::read_all;
using test::operator+;
using testing::HasSubstr;

namespace {

Bytes const data = test::hex("00112233445566");

std::string fault_of(PcapngWriter const& writer, std::size_t packets) {
    auto const read = read_all(writer.bytes());
    EXPECT_EQ(read.packets.size(), packets);
    return read.fault ? read.fault->reason : "none";
}

}  // namespace

TEST(PcapngReader, PacketBlocksOfEitherByteOrder) {
    for (auto const order : {ByteOrder::little, ByteOrder::big}) {
        PcapngWriter writer(order);
        writer.interface(113, 5);
        writer.enhanced(data, 1'700'000'000'123'456);
        writer.simple(test::hex("0011223344"), 7);
        writer.old_packet(data, 0x1'0000'0001);
        auto const read = read_all(writer.bytes());
        EXPECT_FALSE(read.fault);
        EXPECT_EQ(read.format, order == ByteOrder::little ? "pcapng LE" : "pcapng BE");
        ASSERT_EQ(read.packets.size(), 3U);
        EXPECT_EQ(read.packets[0].bytes, data);
        EXPECT_EQ(read.packets[0].time, 1'700'000'000'123'456'000);
        EXPECT_EQ(read.packets[0].link, packet::LinkType::linux_cooked);
        EXPECT_EQ(read.packets[1].bytes, test::hex("0011223344"));  // cut at the snap length
        EXPECT_EQ(read.packets[1].wire_length, 7);
        EXPECT_EQ(read.packets[1].time, 1'700'000'000'123'456'000);  // of the packet before
        EXPECT_EQ(read.packets[2].bytes, data);
        EXPECT_EQ(read.packets[2].time, 0x1'0000'0001LL * 1000);
    }
}

TEST(PcapngReader, InterfacesDifferInLinkSnapLengthAndClock) {
    PcapngWriter writer;
    writer.interface(1, 65'535);
    writer.interface(101, 96, writer.option(9, test::hex("09")) + writer.option(0, {}));
    writer.interface(276, 0,
                     writer.option(2, test::text("eth0")) + writer.option(9, test::hex("8a")) +
                         writer.option(14, writer.value(1'000, 8)));
    writer.enhanced(data, 5, 0);
    writer.enhanced(data, 5, 1);
    writer.enhanced(data, 1024, 2);
    auto const read = read_all(writer.bytes());
    ASSERT_EQ(read.packets.size(), 3U);
    EXPECT_EQ(read.packets[0].time, 5'000);
    EXPECT_EQ(read.packets[1].time, 5);
    EXPECT_EQ(read.packets[1].link, packet::LinkType::raw_ip);
    EXPECT_EQ(read.packets[2].time, 1'001'000'000'000);  // 2^-10 s a tick, 1,000 s later
    EXPECT_EQ(read.packets[2].link, packet::LinkType::linux_cooked_v2);
}

TEST(PcapngReader, SectionsDifferInByteOrderAndInterfaces) {
    PcapngWriter writer(ByteOrder::little);
    writer.interface(1);
    writer.interface(1);
    writer.enhanced(data, 1, 1);
    writer.section(ByteOrder::big);
    writer.interface(101);
    writer.enhanced(data, 2, 0);
    writer.section(ByteOrder::little);
    writer.interface(228);
    writer.enhanced(data, 3, 0);
    writer.enhanced(data, 3, 1);  // an interface of the first section
    auto const read = read_all(writer.bytes());
    ASSERT_EQ(read.packets.size(), 3U);
    EXPECT_EQ(read.packets[1].link, packet::LinkType::raw_ip);
    EXPECT_EQ(read.packets[2].link, packet::LinkType::ipv4);
    EXPECT_THAT(read.fault->reason, HasSubstr("interface 1"));
}

TEST(PcapngReader, UnknownBlocksArePassedOver) {
    PcapngWriter writer;
    writer.block(4, test::text("names"));
    writer.interface();
    for (std::uint32_t i = 0; i < 100; ++i) writer.block(0x80000000U + i, Bytes(i * 4));
    writer.enhanced(data);
    EXPECT_EQ(fault_of(writer, 1), "none");
}

TEST(PcapngReader, EveryCutEndsInALocatedFault) {
    PcapngWriter writer;
    writer.interface();
    auto const headers = writer.bytes().size();
    writer.enhanced(data);
    auto const one = writer.bytes().size();
    writer.enhanced(data);
    auto const& whole = writer.bytes();
    for (std::size_t size = 28; size <= whole.size(); ++size) {
        auto const read = read_all(Bytes(whole.begin(), whole.begin() + static_cast<long>(size)));
        EXPECT_EQ(read.packets.size(), size == whole.size() ? 2U : size >= one ? 1U : 0U) << size;
        bool const clean = size == 28 || size == headers || size == one || size == whole.size();
        EXPECT_EQ(read.fault.has_value(), !clean) << size;
    }
}

TEST(PcapngReader, LyingBlockLengths) {
    auto with_length = [](std::uint32_t length, std::optional<std::uint32_t> trailer = {}) {
        PcapngWriter writer;
        writer.interface();
        writer.enhanced(data);
        writer.block(6, Bytes(40), length, trailer);
        return fault_of(writer, 1);
    };
    EXPECT_THAT(with_length(0), HasSubstr("block length 0"));
    EXPECT_THAT(with_length(8), HasSubstr("block length 8"));
    EXPECT_THAT(with_length(33), HasSubstr("block length 33"));
    EXPECT_THAT(with_length(0xfffffffc), HasSubstr("limit"));
    EXPECT_THAT(with_length(1U << 24U), HasSubstr("cut"));
    EXPECT_THAT(with_length(52, 56), HasSubstr("56 after"));
}

TEST(PcapngReader, LyingPacketBlocks) {
    PcapngWriter larger;
    larger.interface();
    larger.enhanced(data, 0, 0, 1U << 20U);
    EXPECT_THAT(fault_of(larger, 0), HasSubstr("more than the 8 bytes"));

    PcapngWriter huge;
    huge.interface();
    huge.enhanced(Bytes(262'145));
    EXPECT_THAT(fault_of(huge, 0), HasSubstr("limit of 262144"));

    PcapngWriter believed;
    believed.interface(1, 300'000);
    believed.enhanced(Bytes(262'145));
    EXPECT_EQ(fault_of(believed, 1), "none");

    PcapngWriter early;
    early.enhanced(data);
    EXPECT_THAT(fault_of(early, 0), HasSubstr("interface 0"));

    PcapngWriter simple;
    simple.simple(data, 7);
    EXPECT_THAT(fault_of(simple, 0), HasSubstr("before any interface"));
}

TEST(PcapngReader, BlocksTooShortForTheirKind) {
    for (std::uint32_t const type : {1U, 2U, 3U, 6U, 0x0a0d0d0aU}) {
        PcapngWriter writer;
        writer.interface();
        writer.block(type, type == 0x0a0d0d0aU ? test::hex("4d3c2b1a") : Bytes{});
        EXPECT_THAT(fault_of(writer, 0), HasSubstr("too short")) << type;
    }
}

TEST(PcapngReader, OptionPastItsBlock) {
    PcapngWriter writer;
    writer.interface(1, 0, test::hex("0200 60ea 65746830"));
    EXPECT_THAT(fault_of(writer, 0), HasSubstr("60000"));
}

TEST(PcapngReader, ManyInterfacesAreCheap) {
    PcapngWriter one;
    one.interface();
    auto const block = Bytes(one.bytes().begin() + 28, one.bytes().end());
    auto bytes = Bytes(one.bytes().begin(), one.bytes().begin() + 28);
    bytes.reserve(block.size() * 70'001);
    for (int i = 0; i < 70'000; ++i) bytes.insert(bytes.end(), block.begin(), block.end());
    PcapngWriter last;
    last.enhanced(data, 0, 69'999);
    bytes.insert(bytes.end(), last.bytes().begin() + 28, last.bytes().end());
    EXPECT_EQ(read_all(bytes).packets.size(), 1U);
}

TEST(PcapngReader, Versions) {
    PcapngWriter later;
    later.interface();
    later.enhanced(data);
    later.section(ByteOrder::little, 2);
    EXPECT_THAT(fault_of(later, 1), HasSubstr("version 2"));

    auto first = PcapngWriter().bytes();
    first[12] = std::byte{2};
    EXPECT_THROW(read_all(first), base::Error);
    auto magic = PcapngWriter().bytes();
    magic[8] = std::byte{0};
    EXPECT_THROW(read_all(magic), base::Error);
    EXPECT_THROW(read_all(Bytes(first.begin(), first.begin() + 12)), base::Error);
}

}  // namespace tessera::capture
