#include "annotated_packet.hpp"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tessera/base/error.hpp>
#include <tessera/packet/decode.hpp>
#include <tessera/token/packet_cutter.hpp>

namespace tessera::token {
namespace {

using test::annotated_packets;
using test::AnnotatedPacket;
using test::Bytes;
using test::decoded;
using test::operator+;

// Profiles made of the fields that the annotations name.
constexpr char const* named_profiles[] = {"default", "none", "headers-only", "A1", "D1",
                                          "C",       "T",    "CTD",          "H1"};

Bytes cut(Bytes const& bytes, packet::Packet packet, TokenConfig const& config) {
    packet.bytes = bytes;
    PacketCutter cutter(config);
    auto const kept = cutter.cut(packet);
    return {kept.begin(), kept.end()};
}

TokenConfig whole_frame(std::string const& profile) {
    return {.masking = profile, .start = "link", .bytes_per_packet = 65'535};
}

TEST(PacketCutter, HidesTheNamedBytesAndNoOther) {
    for (auto const& packet : annotated_packets()) {
        for (std::string const profile : named_profiles) {
            EXPECT_EQ(cut(packet.bytes(), decoded(packet.bytes()), whole_frame(profile)),
                      packet.masked(masking_profile(profile)))
                << packet.name() << ", " << profile;
        }
    }
}

TEST(PacketCutter, StartsAtTheLayerAskedFor) {
    for (auto const& packet : annotated_packets()) {
        auto const where = decoded(packet.bytes());
        auto const expected = packet.masked(masking_profile("default"));
        std::pair<char const*, std::uint32_t> const starts[] = {{"link", 0},
                                                                {"network", where.network},
                                                                {"transport", where.transport},
                                                                {"payload", where.payload},
                                                                {"byte-38", 38}};
        for (auto const& [start, offset] : starts) {
            TokenConfig const config{.start = start, .bytes_per_packet = 1500};
            EXPECT_EQ(cut(packet.bytes(), where, config),
                      Bytes(expected.begin() + offset, expected.end()))
                << packet.name() << ", " << start;
        }
    }
}

// From the network header on, the usual rows of headers are hidden in one pass.
TEST(PacketCutter, HidesTheSameInOnePassAsFieldByField) {
    for (auto const& packet : annotated_packets()) {
        auto const begin = decoded(packet.bytes()).network;
        for (std::string const profile : named_profiles) {
            auto const expected = packet.masked(masking_profile(profile));
            EXPECT_EQ(cut(packet.bytes(), decoded(packet.bytes()),
                          {.masking = profile, .bytes_per_packet = 65'535}),
                      Bytes(expected.begin() + begin, expected.end()))
                << packet.name() << ", " << profile;
        }
    }
}

TEST(PacketCutter, HidesTheSameInOnePassWhateverBitIsAnother) {
    for (auto const& packet : annotated_packets()) {
        for (std::size_t bit = 0; bit < 8 * packet.bytes().size(); ++bit) {
            auto changed = packet.bytes();
            changed[bit / 8] ^= std::byte{1} << (bit % 8);
            auto const decoded =
                packet::decode({changed, static_cast<std::uint32_t>(changed.size()),
                                packet::LinkType::ethernet, 0});
            auto const* where = std::get_if<packet::Packet>(&decoded);
            if (where == nullptr) continue;
            for (std::string const profile : {"default", "D1", "C", "T", "P1"}) {
                auto const expected = cut(changed, *where, whole_frame(profile));
                ASSERT_EQ(cut(changed, *where, {.masking = profile, .bytes_per_packet = 65'535}),
                          Bytes(expected.begin() + where->network, expected.end()))
                    << packet.name() << ", " << profile << ", bit " << bit;
            }
        }
    }
}

// ET-BERT's code takes hex[76:] of a frame: of one that is shorter nothing is left.
TEST(PacketCutter, TheFixedCutOfAShortFrameIsEmpty) {
    auto frame = test::ethernet(0x0800, test::ip_packet({.protocol = packet::Protocol::udp}));
    auto packet = std::get<packet::Packet>(packet::decode(
        {frame, static_cast<std::uint32_t>(frame.size()), packet::LinkType::ethernet, 0}));
    frame.resize(38);
    EXPECT_TRUE(cut(frame, packet, {.masking = "none", .start = "byte-38"}).empty());
}

// Every number of bytes kept cuts each field somewhere; the result is the longer one's beginning.
TEST(PacketCutter, KeepsAtMostTheBytesAskedFor) {
    for (auto const& packet : annotated_packets()) {
        auto const where = decoded(packet.bytes());
        for (std::string const start : {"link", "network", "transport"}) {
            TokenConfig config{.start = start, .bytes_per_packet = 65'535};
            auto const all = cut(packet.bytes(), where, config);
            for (std::size_t size = 1; size <= all.size(); ++size) {
                config.bytes_per_packet = static_cast<std::int64_t>(size);
                auto const end = all.begin() + static_cast<std::ptrdiff_t>(size);
                ASSERT_EQ(cut(packet.bytes(), where, config), Bytes(all.begin(), end))
                    << packet.name() << ", " << start << ", " << size;
            }
        }
    }
}

TEST(PacketCutter, LeavesOutPaddingAfterTheDatagram) {
    auto const packet = annotated_packets().at(0);
    auto padded = packet.bytes();
    test::put(padded, 0xaabbccdd, 4);
    EXPECT_EQ(cut(padded, decoded(padded), whole_frame("default")),
              packet.masked(masking_profile("default")));
}

// ET-BERT's code takes hex[:128] of the whole frame: a short packet with its padding.
TEST(PacketCutter, KeepsPaddingWhereEtBertIsFollowed) {
    auto padded = annotated_packets().at(0).bytes();
    auto const where = decoded(padded);
    test::put(padded, 0xaabbccdd, 4);
    for (auto const& [start, begin] : {std::pair{"link", 0}, std::pair{"byte-38", 38}}) {
        TokenConfig const config{.masking = "none", .start = start, .bytes_per_packet = 65'535};
        EXPECT_EQ(cut(padded, where, config), Bytes(padded.begin() + begin, padded.end()));
    }
    TokenConfig const network{.masking = "none", .bytes_per_packet = 65'535};
    EXPECT_EQ(cut(padded, where, network).size(), where.end - where.network);
    EXPECT_EQ(cut(padded, where, whole_frame("C")).size(), where.end);
}

TEST(PacketCutter, TakesWhatAShortCaptureHolds) {
    for (auto const& packet : annotated_packets()) {
        auto const whole = decoded(packet.bytes());
        for (std::size_t size = whole.payload; size < packet.bytes().size(); ++size) {
            Bytes const captured(packet.bytes().begin(),
                                 packet.bytes().begin() + static_cast<std::ptrdiff_t>(size));
            auto expected = packet.masked(masking_profile("default"));
            expected.resize(size);
            EXPECT_EQ(cut(captured, decoded(captured), whole_frame("default")), expected);
        }
    }
}

TEST(PacketCutter, HiddenBitsNeverShowAndVisibleOnesAlwaysDo) {
    for (auto const& packet : annotated_packets()) {
        auto const where = decoded(packet.bytes());
        for (std::string const name : named_profiles) {
            auto const profile = masking_profile(name);
            auto const before = cut(packet.bytes(), where, whole_frame(name));
            for (std::size_t bit = 0; bit < 8 * packet.bytes().size(); ++bit) {
                auto changed = packet.bytes();
                auto const flip = std::byte{1} << (bit % 8);
                changed[bit / 8] ^= flip;
                bool const visible = (packet.visible_bits(bit / 8, profile) & flip) != std::byte{};
                ASSERT_EQ(cut(changed, where, whole_frame(name)) != before, visible)
                    << packet.name() << ", " << name << ", byte " << bit / 8;
            }
        }
    }
}

TEST(PacketCutter, DoesNotDependOnHiddenFields) {
    std::mt19937 random(11);
    for (auto const& packet : annotated_packets()) {
        auto const profile = masking_profile("default");
        auto const expected = cut(packet.bytes(), decoded(packet.bytes()), whole_frame("default"));
        auto const where = decoded(packet.bytes());
        for (int round = 0; round < 50; ++round) {
            auto changed = packet.bytes();
            for (std::size_t i = 0; i < changed.size(); ++i) {
                auto const noise = static_cast<std::byte>(random());
                changed[i] ^= noise & ~packet.visible_bits(i, profile);
            }
            ASSERT_EQ(cut(changed, where, whole_frame("default")), expected) << packet.name();
        }
    }
}

// Two packets of one kind from different hosts, ports, moments and connections give equal bytes.
TEST(PacketCutter, MakesPacketsOfDifferentHostsEqual) {
    test::PacketSpec first;
    first.tcp_options = test::hex("0101 080a 00000001 00000002");
    first.payload = test::text("GET /");
    auto second = first;
    second.source = "203.0.113.77";
    second.destination = "198.51.100.3";
    second.source_port = 61000;
    second.destination_port = 8443;
    second.sequence = 0xdeadbeef;
    second.acknowledgement = 0xfeedface;
    second.ip_id = 0x7fff;
    second.tcp_options = test::hex("0101 080a 99999999 88888888");
    auto const a = test::frame(first);
    auto const b = test::frame(second);
    EXPECT_EQ(cut(a, decoded(a), {}), cut(b, decoded(b), {}));
    EXPECT_NE(cut(a, decoded(a), {.masking = "none"}), cut(b, decoded(b), {.masking = "none"}));
}

TEST(PacketCutter, P1LeavesThePayloadOnly) {
    for (auto const& packet : annotated_packets()) {
        auto const where = decoded(packet.bytes());
        Bytes expected(where.payload);
        expected.insert(expected.end(), packet.bytes().begin() + where.payload,
                        packet.bytes().end());
        EXPECT_EQ(cut(packet.bytes(), where, whole_frame("P1")), expected);
    }
}

// No length field in a header leads outside: every IP header length, option length and extension
// length, on a frame that ends with the headers (run under the sanitizers).
TEST(PacketCutter, BearsAnyHeaderContent) {
    std::mt19937 random(5);
    for (auto const& packet : annotated_packets()) {
        auto const where = decoded(packet.bytes());
        for (int round = 0; round < 2000; ++round) {
            Bytes noise(where.end);
            for (auto& byte : noise) byte = static_cast<std::byte>(random());
            auto const kept = cut(noise, where, {.start = "link", .bytes_per_packet = 65'535});
            ASSERT_EQ(kept.size(), where.end);
        }
    }
}

TEST(PacketCutter, RefusesAConfigWithoutSense) {
    EXPECT_THROW(PacketCutter({.masking = "defualt"}), base::Error);
    EXPECT_THROW(PacketCutter({.start = "session"}), base::Error);
    EXPECT_THROW(PacketCutter({.bytes_per_packet = -1}), base::Error);
    EXPECT_THROW(PacketCutter({.bytes_per_packet = 65'536}), base::Error);
}

TEST(PacketCutter, DeepPacketFillsTheUdpHeaderUpToTwentyBytes) {
    Bytes const ip = test::hex("45 00 00 20 00 01 00 00 40 11 00 00 0a 00 00 01 0a 00 00 02");
    Bytes const udp = test::hex("13 88 00 35 00 0c 00 00");
    Bytes const payload = test::hex("01 02 03 04");
    auto const frame = ip + udp + payload;
    auto const packet = std::get<packet::Packet>(packet::decode(
        {.bytes = frame, .wire_length = 32, .link = packet::LinkType::raw_ip, .time = 0}));
    TokenConfig config{.tokenizer = "deep-packet", .masking = "none"};
    EXPECT_EQ(cut(frame, packet, config), ip + udp + Bytes(12) + payload);
    config.bytes_per_packet = 42;  // two bytes of the payload fit
    EXPECT_EQ(cut(frame, packet, config), ip + udp + Bytes(12) + test::hex("01 02"));
    config.bytes_per_packet = 30;  // and here two of the zeros
    EXPECT_EQ(cut(frame, packet, config), ip + udp + Bytes(2));
}

}  // namespace
}  // namespace tessera::token
