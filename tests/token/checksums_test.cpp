#include "annotated_packet.hpp"

#include <random>

#include <gtest/gtest.h>

#include <tessera/base/error.hpp>
#include <tessera/token/packet_cutter.hpp>

namespace tessera::token {
namespace {

using test::Bytes;
using test::decoded;
using test::operator+;

TokenConfig recomputed(std::string const& profile, std::string const& values = "zero") {
    return {.masking = profile,
            .mask_values = values,
            .checksums = "recompute",
            .bytes_per_packet = 65'535};
}

// From the IP header on.
Bytes cut(Bytes const& frame, packet::Packet packet, TokenConfig const& config) {
    packet.bytes = frame;
    PacketCutter cutter(config);
    auto const kept = cutter.cut(packet);
    return {kept.begin(), kept.end()};
}

Bytes cut(Bytes const& frame, TokenConfig const& config) {
    return cut(frame, decoded(frame), config);
}

Bytes part(Bytes const& bytes, std::size_t first, std::size_t last) {
    return {bytes.begin() + static_cast<std::ptrdiff_t>(first),
            bytes.begin() + static_cast<std::ptrdiff_t>(last)};
}

std::uint16_t checksum_at(Bytes const& bytes, std::size_t at) {
    return static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes.at(at)) << 8U |
                                      std::to_integer<unsigned>(bytes.at(at + 1)));
}

// What a receiver sums up (RFC 1071): 0 when the checksum is right.
std::uint16_t received_ipv4(Bytes const& ip) {
    return test::internet_checksum(part(ip, 0, 20));
}

std::uint16_t received_transport(Bytes const& ip, std::size_t header, unsigned protocol) {
    auto const six = header == 40;
    auto pseudo = six ? part(ip, 8, 40) : part(ip, 12, 20);
    test::put(pseudo, ip.size() - header, 4);
    test::put(pseudo, protocol, 4);
    return test::internet_checksum(pseudo + part(ip, header, ip.size()));
}

std::vector<test::PacketSpec> packets() {
    std::vector<test::PacketSpec> specs;
    for (auto const protocol : {packet::Protocol::tcp, packet::Protocol::udp}) {
        for (std::size_t const payload : {0U, 1U, 2U, 63U, 1400U}) {
            for (bool const six : {false, true}) {
                test::PacketSpec spec{.protocol = protocol, .payload = Bytes(payload)};
                for (std::size_t i = 0; i < payload; ++i) {
                    spec.payload[i] = static_cast<std::byte>(i * 37 + 11);
                }
                if (six) {
                    spec.source = "2001:db8::1";
                    spec.destination = "fe80::ffff:2";
                }
                specs.push_back(spec);
            }
        }
    }
    return specs;
}

TEST(Checksums, AreRightForTheMaskedPacket) {
    for (auto const& spec : packets()) {
        for (std::string const profile : {"none", "default", "D1", "C", "T", "CTD", "H1", "E3"}) {
            for (std::string const values : {"zero", "random"}) {
                auto const ip = cut(test::frame(spec), recomputed(profile, values));
                std::size_t const header = spec.is_ipv6() ? 40 : 20;
                if (profile == "E3") continue;  // headers hidden whole: nothing to make right
                if (!spec.is_ipv6()) {
                    EXPECT_EQ(received_ipv4(ip), 0) << profile << values;
                }
                EXPECT_EQ(received_transport(ip, header, static_cast<unsigned>(spec.protocol)), 0)
                    << profile << ", " << values << ", " << spec.payload.size();
            }
        }
    }
}

TEST(Checksums, OfAVisiblePacketAreThoseItCameWith) {
    for (auto const& spec : packets()) {
        EXPECT_EQ(cut(test::frame(spec), recomputed("none")), test::ip_packet(spec));
    }
}

TEST(Checksums, HeadersHiddenWholeHaveNone) {
    test::PacketSpec spec;
    spec.payload = test::text("payload");
    auto const ip = cut(test::frame(spec), recomputed("P1"));
    EXPECT_EQ(ip, Bytes(40) + test::text("payload"));
}

TEST(Checksums, UdpWithoutOneStaysWithoutAndZeroIsWrittenAsOnes) {
    test::PacketSpec spec{.protocol = packet::Protocol::udp, .payload = test::text("any")};
    auto frame = test::frame(spec);
    test::set_u16(frame, 14 + 20 + 6, 0);
    EXPECT_EQ(checksum_at(cut(frame, recomputed("D1")), 26), 0);
    // A payload that makes the sum all ones under this profile: the checksum itself.
    spec.payload = test::hex("0000");
    auto const without = cut(test::frame(spec), recomputed("D1"));
    spec.payload = part(without, 26, 28);
    EXPECT_EQ(checksum_at(cut(test::frame(spec), recomputed("D1")), 26), 0xffff);
}

TEST(Checksums, AreZeroWhereNoneCanBeRight) {
    test::PacketSpec spec;
    spec.payload = test::text("0123456789");
    auto const whole = test::frame(spec);
    Bytes const captured(whole.begin(), whole.end() - 1);  // cut by the snap length
    auto const truncated = cut(captured, recomputed("D1"));
    EXPECT_EQ(checksum_at(truncated, 36), 0);
    EXPECT_EQ(received_ipv4(truncated), 0);
    auto const fragment =
        test::ethernet(0x0800, test::ipv4(6, spec.source, spec.destination, test::transport(spec),
                                          {}, 0x2000));  // more follow
    EXPECT_EQ(checksum_at(cut(fragment, recomputed("D1")), 36), 0);
    spec.ip_options = test::hex("83 07 04 0a0000fe 00");  // loose source route
    EXPECT_EQ(checksum_at(cut(test::frame(spec), recomputed("D1")), 44), 0);
}

TEST(Checksums, ByNameAreZeroUnderAnyProfile) {
    test::PacketSpec const spec;
    auto config = recomputed("none");
    config.checksums = "zero";
    auto expected = test::ip_packet(spec);
    test::set_u16(expected, 10, 0);
    test::set_u16(expected, 36, 0);
    EXPECT_EQ(cut(test::frame(spec), config), expected);
}

TEST(Checksums, InnerPacketsOfTunnelsAreMadeRight) {
    test::PacketSpec inner;
    inner.payload = test::text("inner");
    auto const vxlan = test::hex("08000000 00000100") + test::frame(inner);
    test::PacketSpec outer{.protocol = packet::Protocol::udp,
                           .source = "192.0.2.1",
                           .destination = "192.0.2.2",
                           .destination_port = 4789,
                           .payload = vxlan};
    auto const ip = cut(test::frame(outer), recomputed("default", "random"));
    ASSERT_EQ(ip.size(), 45U);
    EXPECT_EQ(received_ipv4(ip), 0);
    EXPECT_EQ(received_transport(ip, 20, 6), 0);
}

// No length field in a header leads outside (run under the sanitizers).
TEST(Checksums, BearAnyHeaderContent) {
    std::mt19937 random(17);
    for (auto const& packet : test::annotated_packets()) {
        auto const where = decoded(packet.bytes());
        for (int round = 0; round < 2000; ++round) {
            Bytes noise(where.end);
            for (auto& byte : noise) byte = static_cast<std::byte>(random());
            auto const kept = cut(noise, where, recomputed("CTD", "random"));
            ASSERT_EQ(kept.size(), where.end - where.network);
        }
    }
}

TEST(Checksums, AnUnknownWordIsRefused) {
    TokenConfig config;
    config.checksums = "right";
    EXPECT_THROW(PacketCutter{config}, base::Error);
    config = {};
    config.mask_values = "noise";
    EXPECT_THROW(PacketCutter{config}, base::Error);
}

}  // namespace
}  // namespace tessera::token
