#include <gtest/gtest.h>
#include <packet_builder.hpp>

#include <tessera/preprocess/packet_intake.hpp>

namespace tessera::preprocess {
namespace {

using test::operator+;

test::Bytes in_gtp(test::Bytes const& inner) {
    return test::frame({.protocol = packet::Protocol::udp,
                        .destination_port = 2152,
                        .payload = test::hex("30ff0000 00000001") + inner});
}

/// What is kept of the one packet in a frame.
test::Bytes kept(test::Bytes const& frame, PreprocessConfig const& config) {
    PacketIntake intake(config);
    intake.begin_capture("a.pcap");
    if (!intake.take({frame, static_cast<std::uint32_t>(frame.size())})) return {};
    auto const bytes = intake.cut();
    return {bytes.begin(), bytes.end()};
}

// Echo requests in GTP-U: the datagram around is kept, and its payload holds their addresses.
TEST(PacketIntake, ShowsNoAddressesOfAnUnreadTunnelWhenAnonymised) {
    auto const frame = in_gtp(test::ipv4(1, "10.9.8.7", "10.0.0.2", test::Bytes(8)));
    PreprocessConfig config;
    EXPECT_EQ(kept(frame, config).size(), frame.size() - 14);
    config.anonymise = "key";
    EXPECT_EQ(kept(frame, config).size(), 28U);
    EXPECT_EQ(kept(in_gtp({}), config).size(), 28U);
    auto const plain = test::frame({.protocol = packet::Protocol::udp, .payload = test::Bytes(20)});
    EXPECT_EQ(kept(plain, config).size(), 48U);
}

}  // namespace
}  // namespace tessera::preprocess
