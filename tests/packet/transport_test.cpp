#include "known_frames.hpp"

#include <gtest/gtest.h>

namespace tessera::packet {

namespace {

std::optional<Drop> dropped(test::Bytes const& bytes) {
    return test::drop_of(bytes, LinkType::raw_ip);
}

}  // namespace

TEST(Tcp, DataOffset) {
    for (unsigned words = 0; words < 16; ++words) {
        auto bytes = test::ip_packet({.payload = test::Bytes(40)});
        bytes[32] = static_cast<std::byte>(words << 4);
        auto const result = decode(test::frame_of(bytes, LinkType::raw_ip));
        if (words < 5) {
            EXPECT_EQ(std::get<Drop>(result), Drop::malformed_transport_header);
            continue;
        }
        EXPECT_EQ(std::get<Packet>(result).payload, 20 + words * 4);
        EXPECT_EQ(std::get<Packet>(result).payload_length, 60 - words * 4);
    }
}

TEST(Tcp, OptionsPastTheDatagramAreMalformedCutOnesTruncated) {
    auto bytes = test::ip_packet({.payload = test::Bytes(4)});
    bytes[32] = std::byte{0xf0};
    EXPECT_EQ(dropped(bytes), Drop::malformed_transport_header);

    auto cut = test::ip_packet({.tcp_options = test::Bytes(20), .payload = test::Bytes(4)});
    auto const wire = static_cast<std::uint32_t>(cut.size());
    cut.resize(50);
    EXPECT_EQ(std::get<Drop>(decode({cut, wire, LinkType::raw_ip, 0})),
              Drop::truncated_transport_header);
}

TEST(Tcp, FlagsAsInTheHeader) {
    auto const bytes = test::ip_packet({.tcp_flags = tcp_flag::fin | tcp_flag::psh});
    auto const packet = std::get<Packet>(decode(test::frame_of(bytes, LinkType::raw_ip)));
    EXPECT_EQ(packet.tcp_flags, tcp_flag::fin | tcp_flag::psh);
}

TEST(Udp, LengthField) {
    for (unsigned const length : {0U, 1U, 7U, 8U, 9U, 48U, 49U, 65'535U}) {
        auto bytes = test::ip_packet({.protocol = Protocol::udp, .payload = test::Bytes(40)});
        test::set_u16(bytes, 24, static_cast<std::uint16_t>(length));
        auto const result = decode(test::frame_of(bytes, LinkType::raw_ip));
        if (length == 1 || length == 7) {
            EXPECT_EQ(std::get<Drop>(result), Drop::malformed_transport_header);
            continue;
        }
        EXPECT_EQ(std::get<Packet>(result).payload_length, 40) << length;  // by the IP length
    }
}

TEST(Udp, TooShortForItsHeader) {
    EXPECT_EQ(dropped(test::ipv4(17, "10.0.0.1", "10.0.0.2", test::Bytes(7))),
              Drop::malformed_transport_header);
}

}  // namespace tessera::packet
