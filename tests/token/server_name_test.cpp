#include "server_name.hpp"

#include <gtest/gtest.h>
#include <packet_builder.hpp>

#include <tessera/packet/decode.hpp>
#include <tessera/token/packet_cutter.hpp>

namespace tessera::token {
namespace {

using test::Bytes;
using test::hex;
using test::text;
using test::operator+;

constexpr std::size_t name_begin = 69;  // counted by hand in the hello below
constexpr std::size_t name_end = 80;

/// A ClientHello with one extension before and one after the name "example.com".
Bytes hello() {
    return hex("16 0301 004f  01 00004b  0303") + Bytes(32, std::byte{0xaa}) +
           hex("02 bbbb  0002 1301  01 00  001e") + hex("000a 0002 001d") +
           hex("0000 0010 000e 00 000b") + text("example.com") + hex("0017 0000");
}

TEST(ServerName, IsFoundBetweenOtherExtensions) {
    EXPECT_EQ(server_name(hello()), (ByteRange{name_begin, name_end}));
}

TEST(ServerName, OfACutHelloGoesAsFarAsItIsThere) {
    auto bytes = hello();
    bytes.resize(name_begin + 4);
    EXPECT_EQ(server_name(bytes), (ByteRange{name_begin, name_begin + 4}));
    for (std::size_t size = 0; size < name_begin; ++size) {
        bytes.resize(size);
        auto const found = server_name(bytes);
        EXPECT_TRUE(!found || found->begin >= found->end || found->end <= size) << size;
    }
}

TEST(ServerName, IsInNothingElse) {
    EXPECT_FALSE(server_name({}));
    EXPECT_FALSE(server_name(text("GET / HTTP/1.1")));
    auto bytes = hello();
    bytes[5] = std::byte{2};  // a ServerHello
    EXPECT_FALSE(server_name(bytes));
}

class PayloadProfiles : public testing::Test {
  protected:
    Bytes cut(char const* profile, base::Nanoseconds time = 0) {
        auto const decoded =
            packet::decode({.bytes = frame_,
                            .wire_length = static_cast<std::uint32_t>(frame_.size()),
                            .link = packet::LinkType::raw_ip,
                            .time = time});
        PacketCutter cutter({.masking = profile, .bytes_per_packet = 1500});
        auto const kept = cutter.cut(std::get<packet::Packet>(decoded));
        return {kept.begin(), kept.end()};
    }

    Bytes headers_ = hex("45 00 007c 0001 0000 40 06 0000 0a000001 0a000002") +
                     hex("1388 01bb 00000001 00000002 5018 2000 0000 0000");
    Bytes frame_ = headers_ + hello();
    Bytes no_headers_ = Bytes(40);
};

TEST_F(PayloadProfiles, D2HidesTheServerName) {
    auto expected = cut("D1");
    std::fill_n(expected.begin() + 40 + name_begin, name_end - name_begin, std::byte{0});
    EXPECT_EQ(cut("D2"), expected);
    EXPECT_NE(cut("D2"), cut("D1"));
}

TEST_F(PayloadProfiles, E1KeepsThePayloadButTheName) {
    auto expected = no_headers_ + hello();
    std::fill_n(expected.begin() + 40 + name_begin, name_end - name_begin, std::byte{0});
    EXPECT_EQ(cut("E1"), expected);
}

TEST_F(PayloadProfiles, E2PutsOnesInPlaceOfThePayload) {
    EXPECT_EQ(cut("E2"), no_headers_ + Bytes(hello().size(), std::byte{0xff}));
}

TEST_F(PayloadProfiles, E3DrawsThePayloadAnewForEachPacketAndTheSameInEveryRun) {
    auto const drawn = cut("E3");
    EXPECT_EQ(drawn.size(), frame_.size());
    EXPECT_TRUE(std::equal(no_headers_.begin(), no_headers_.end(), drawn.begin()));
    EXPECT_EQ(cut("E3"), drawn);
    EXPECT_NE(cut("E3", 1), drawn);
    frame_[50] ^= std::byte{1};  // of the payload: nothing of it shows
    EXPECT_EQ(cut("E3"), drawn);
}

}  // namespace
}  // namespace tessera::token
