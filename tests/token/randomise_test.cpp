#include "annotated_packet.hpp"

#include <set>

#include <gtest/gtest.h>

#include <tessera/token/packet_cutter.hpp>

namespace tessera::token {
namespace {

using test::Bytes;
using test::decoded;
using test::operator+;

TokenConfig random_values(std::string const& profile, std::string const& start = "network") {
    return {
        .masking = profile, .mask_values = "random", .start = start, .bytes_per_packet = 65'535};
}

Bytes cut(Bytes const& frame, TokenConfig const& config, std::string_view capture = "a.pcap") {
    auto const packet = decoded(frame);
    PacketCutter cutter(config);
    cutter.begin_capture(capture);
    auto const kept = cutter.cut(packet);
    return {kept.begin(), kept.end()};
}

std::uint64_t number(Bytes const& bytes, std::size_t at, std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
        value = value << 8U | std::to_integer<std::uint64_t>(bytes.at(at + i));
    }
    return value;
}

/// Counters of a masked IPv4 TCP packet without IP options whose only TCP option is two bytes of
/// padding and a time stamp.
struct Counters {
    std::uint16_t id, window;
    std::uint32_t sequence, acknowledgement, stamp, echo;

    explicit Counters(Bytes const& ip)
        : id(static_cast<std::uint16_t>(number(ip, 4, 2))),
          window(static_cast<std::uint16_t>(number(ip, 34, 2))),
          sequence(static_cast<std::uint32_t>(number(ip, 24, 4))),
          acknowledgement(static_cast<std::uint32_t>(number(ip, 28, 4))),
          stamp(static_cast<std::uint32_t>(number(ip, 44, 4))),
          echo(static_cast<std::uint32_t>(number(ip, 48, 4))) {}
};

test::PacketSpec one_way(std::uint32_t sequence, std::uint32_t acknowledgement, std::uint32_t stamp,
                         std::uint32_t echo, std::uint16_t id) {
    test::PacketSpec spec{.sequence = sequence, .acknowledgement = acknowledgement, .ip_id = id};
    spec.tcp_options = test::hex("0101 080a");
    test::put(spec.tcp_options, stamp, 4);
    test::put(spec.tcp_options, echo, 4);
    return spec;
}

test::PacketSpec other_way(test::PacketSpec spec) {
    std::swap(spec.source, spec.destination);
    std::swap(spec.source_port, spec.destination_port);
    return spec;
}

Counters counters(test::PacketSpec const& spec) {
    return Counters(cut(test::frame(spec), random_values("CTD")));
}

TEST(Randomise, KeepsDifferencesWithinAFlowAndBetweenWhatIsSentAndAnswered) {
    auto const first = counters(one_way(0xffff'fff0, 7000, 100, 50, 0xfffe));
    auto const second = counters(one_way(0xffff'fff0 + 300, 7400, 130, 61, 2));
    auto const answer = counters(other_way(one_way(7000, 0xffff'fff0 + 300, 61, 100, 9)));
    EXPECT_EQ(second.sequence - first.sequence, 300U);
    EXPECT_EQ(second.acknowledgement - first.acknowledgement, 400U);
    EXPECT_EQ(second.stamp - first.stamp, 30U);
    EXPECT_EQ(second.echo - first.echo, 11U);
    EXPECT_EQ(static_cast<std::uint16_t>(second.id - first.id), 4U);
    EXPECT_EQ(second.window, first.window);
    EXPECT_EQ(answer.sequence, first.acknowledgement);
    EXPECT_EQ(answer.acknowledgement, second.sequence);
    EXPECT_EQ(answer.echo, first.stamp);
    EXPECT_EQ(answer.stamp, second.echo);
}

TEST(Randomise, TheFirstValuesAreOthersInEachFlow) {
    std::set<std::uint32_t> sequences;
    std::set<std::uint16_t> ids;
    std::set<std::uint64_t> addresses;
    constexpr int flows = 500;
    for (int i = 0; i < flows; ++i) {
        auto spec = one_way(1, 1, 1, 1, 1);
        spec.source_port = static_cast<std::uint16_t>(20'000 + i);
        auto const masked = cut(test::frame(spec), random_values("CTD"));
        sequences.insert(Counters(masked).sequence);
        ids.insert(Counters(masked).id);
        addresses.insert(number(masked, 12, 8));
    }
    EXPECT_EQ(sequences.size(), 500U);  // two of 500 equal in 32 bits: 1 in 34,000
    EXPECT_GT(ids.size(), 480U);        // in 16 bits two are expected equal, 20 never
    EXPECT_EQ(addresses.size(), 500U);
}

TEST(Randomise, IsAFunctionOfSeedCaptureAndFlow) {
    auto const frame = test::frame(one_way(1, 1, 1, 1, 1));
    auto config = random_values("default");
    EXPECT_EQ(cut(frame, config), cut(frame, config));
    EXPECT_NE(cut(frame, config), cut(frame, config, "b.pcap"));
    auto const before = cut(frame, config);
    config.mask_seed = 1;
    EXPECT_NE(cut(frame, config), before);
}

// Without the ACK flag the number acknowledged and the echo say nothing: moved by the same amount
// as later ones they would tell what those are.
TEST(Randomise, WhatSaysNothingIsZero) {
    auto spec = one_way(0x01020304, 0, 99, 0, 0);
    spec.tcp_flags = packet::tcp_flag::syn;
    auto const syn = counters(spec);
    EXPECT_EQ(syn.acknowledgement, 0U);
    EXPECT_EQ(syn.echo, 0U);
    EXPECT_EQ(syn.id, 0U);
    EXPECT_NE(syn.sequence, 0x01020304U);
    EXPECT_NE(syn.stamp, 99U);
}

TEST(Randomise, MovesSackEdgesWithTheOtherEndsNumbers) {
    auto spec = one_way(1, 5000, 1, 1, 1);
    spec.tcp_options = test::hex("0101 050a 00001770 00001b58");  // 6000 to 7000
    auto const masked = cut(test::frame(spec), random_values("C"));
    auto const acknowledged = static_cast<std::uint32_t>(number(masked, 28, 4));
    EXPECT_EQ(static_cast<std::uint32_t>(number(masked, 44, 4)) - acknowledged, 1000U);
    EXPECT_EQ(static_cast<std::uint32_t>(number(masked, 48, 4)) - acknowledged, 2000U);
}

TEST(Randomise, EndsKeepTheirOwnAddressesAndPortsInBothDirections) {
    for (auto const& [low, high] :
         {std::pair("10.0.0.1", "10.0.0.2"), std::pair("2001:db8::1", "2001:db8::2")}) {
        test::PacketSpec spec;
        spec.source = low;
        spec.destination = high;
        auto const forward = cut(test::frame(spec), random_values("D1", "link"));
        auto const backward = cut(test::frame(other_way(spec)), random_values("D1", "link"));
        auto const size = spec.is_ipv6() ? 16U : 4U;
        auto const source = spec.is_ipv6() ? 14U + 8U : 14U + 12U;
        auto const part = [](Bytes const& bytes, std::size_t at, std::size_t count) {
            auto const first = bytes.begin() + static_cast<std::ptrdiff_t>(at);
            return Bytes(first, first + static_cast<std::ptrdiff_t>(count));
        };
        EXPECT_EQ(part(forward, source, size), part(backward, source + size, size));
        EXPECT_EQ(part(forward, source + size, size), part(backward, source, size));
        EXPECT_NE(part(forward, source, size), test::address_bytes(low));
        EXPECT_NE(part(forward, source, size), Bytes(size));
        auto const ports = source + 2 * size;
        EXPECT_EQ(part(forward, ports, 2), part(backward, ports + 2, 2));
        EXPECT_NE(number(forward, ports, 2), spec.source_port);
        EXPECT_EQ(part(forward, 0, 6), part(backward, 6, 6));  // MAC
        EXPECT_EQ(number(forward, 0, 1) & 3U, 2U);             // unicast, locally administered
    }
}

TEST(Randomise, ServerNamesBecomeLetters) {
    auto const hello =
        test::hex(
            "16 0301 003f 01 00003b 0303"
            "0000000000000000000000000000000000000000000000000000000000000000 00 0002 1301 01 00"
            "0010 0000 000c 000a 00 0007") +
        test::text("abc.org") + test::hex("aabb");
    test::PacketSpec spec;
    spec.payload = hello;
    auto const masked = cut(test::frame(spec), random_values("D2", "payload"));
    auto const place = hello.size() - 2 - 7;
    auto expected = hello;
    for (std::size_t i = 0; i < 7; ++i) {
        auto const letter = std::to_integer<char>(masked.at(place + i));
        EXPECT_TRUE(letter >= 'a' && letter <= 'z');
        expected[place + i] = masked[place + i];
    }
    EXPECT_EQ(masked, expected);
    EXPECT_NE(masked, hello);
}

TEST(Randomise, WholeHeadersAreEqualInTheDirectionsPacketsOnly) {
    test::PacketSpec spec;
    spec.payload = test::text("one");
    auto more = spec;
    more.sequence += 3;
    more.payload = test::text("two");
    auto const masked = cut(test::frame(spec), random_values("P1"));
    auto const next = cut(test::frame(more), random_values("P1"));
    auto const back = cut(test::frame(other_way(spec)), random_values("P1"));
    EXPECT_TRUE(std::equal(masked.begin(), masked.end() - 3, next.begin()));
    EXPECT_FALSE(std::equal(masked.begin(), masked.end() - 3, back.begin()));
    EXPECT_EQ(Bytes(next.end() - 3, next.end()), test::text("two"));
}

TEST(Randomise, LeavesWhatIsVisible) {
    for (auto const& packet : test::annotated_packets()) {
        for (std::string const profile : {"default", "C", "T", "CTD", "D1", "A1"}) {
            auto const masked = cut(packet.bytes(), random_values(profile, "link"));
            for (std::size_t i = 0; i < masked.size(); ++i) {
                auto const visible = packet.visible_bits(i, masking_profile(profile));
                ASSERT_EQ(masked[i] & visible, packet.bytes()[i] & visible)
                    << packet.name() << ", " << profile << ", byte " << i;
            }
        }
    }
}

// Wherever the kept bytes begin and end, they are the same part of the same whole.
TEST(Randomise, CutsFieldsAnywhere) {
    for (auto const& packet : test::annotated_packets()) {
        for (std::string const checksums : {"profile", "recompute"}) {
            auto config = random_values("CTD", "link");
            config.checksums = checksums;
            auto const all = cut(packet.bytes(), config);
            auto const network = decoded(packet.bytes()).network;
            config.start = "network";
            for (std::size_t size = 1; size <= all.size() - network; ++size) {
                config.bytes_per_packet = static_cast<std::int64_t>(size);
                auto const first = all.begin() + network;
                ASSERT_EQ(cut(packet.bytes(), config),
                          Bytes(first, first + static_cast<std::ptrdiff_t>(size)))
                    << packet.name() << ", " << size;
            }
        }
    }
}

}  // namespace
}  // namespace tessera::token
