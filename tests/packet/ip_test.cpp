#include "known_frames.hpp"

#include <gtest/gtest.h>

#include <tessera/packet/fragment.hpp>

namespace tessera::packet {

using test::hex;
using test::operator+;

namespace {

Packet kept(test::Bytes const& bytes, std::uint32_t wire_length = 0) {
    auto frame = test::frame_of(bytes, LinkType::raw_ip);
    if (wire_length != 0) frame.wire_length = wire_length;
    auto const result = decode(frame);
    if (auto const* drop = std::get_if<Drop>(&result)) {
        ADD_FAILURE() << "dropped: " << name(*drop);
        return {};
    }
    return std::get<Packet>(result);
}

std::optional<Drop> dropped(test::Bytes const& bytes) {
    return test::drop_of(bytes, LinkType::raw_ip);
}

std::string const segment = "1234 01bb 00000001 00000002 50 12 2000 0000 0000";

test::Bytes ipv6_with(unsigned next, std::string const& rest) {
    return test::ipv6(next, "2001:db8::1", "2001:db8::2", hex(rest));
}

}  // namespace

TEST(Ipv4, OptionsMoveTheTransportHeader) {
    auto const packet = kept(test::ip_packet({.ip_options = hex("94040000 01010101 01010100")}));
    EXPECT_EQ(packet.network, 0);
    EXPECT_EQ(packet.transport, 32);
    EXPECT_EQ(packet.payload, 52);
}

TEST(Ipv4, HeaderLengthBelowFiveWordsIsMalformed) {
    for (unsigned words = 0; words < 5; ++words) {
        auto bytes = test::datagram4();
        bytes[0] = static_cast<std::byte>(0x40 | words);
        EXPECT_EQ(dropped(bytes), Drop::malformed_ip_header) << words;
    }
}

TEST(Ipv4, TotalLength) {
    auto with_total = [](unsigned total) {
        auto bytes = test::datagram4();  // 45 bytes, 40 of headers
        test::set_u16(bytes, 2, static_cast<std::uint16_t>(total));
        return bytes;
    };
    EXPECT_EQ(kept(with_total(0)).payload_length, 5);  // segmentation left to the card
    EXPECT_EQ(kept(with_total(0)).end, 45);
    EXPECT_EQ(dropped(with_total(1)), Drop::malformed_ip_header);
    EXPECT_EQ(dropped(with_total(19)), Drop::malformed_ip_header);
    EXPECT_EQ(dropped(with_total(20)), Drop::malformed_transport_header);
    EXPECT_EQ(dropped(with_total(39)), Drop::malformed_transport_header);
    EXPECT_EQ(kept(with_total(40)).payload_length, 0);
    EXPECT_EQ(kept(with_total(41)).end, 41);
    EXPECT_EQ(kept(with_total(65'535)).payload_length, 5);  // no more than the wire carried
}

TEST(Ipv4, SnapLengthCutsThePayloadOnly) {
    auto bytes = test::ip_packet({.payload = test::Bytes(1000)});
    bytes.resize(60);
    auto const packet = kept(bytes, 1040);
    EXPECT_EQ(packet.payload_length, 1000);
    EXPECT_EQ(packet.end, 60);
    EXPECT_EQ(packet.payload, 40);
}

TEST(Ipv4, WireLengthBelowTheCapturedOneIsNotBelieved) {
    auto const packet = kept(test::datagram4(), 10);
    EXPECT_EQ(packet.payload_length, 5);
    EXPECT_EQ(packet.end, 45);
}

TEST(Ipv4, FirstFragmentIsKeptLaterOnesAreNot) {
    auto fragment = [](std::uint16_t flags_and_offset) {
        auto bytes = test::datagram4();
        test::set_u16(bytes, 6, flags_and_offset);
        return bytes;
    };
    EXPECT_EQ(kept(fragment(0x2000)).destination.port, 443);
    EXPECT_EQ(dropped(fragment(0x2001)), Drop::ip_fragment);
    EXPECT_EQ(dropped(fragment(0x0010)), Drop::ip_fragment);
}

TEST(Ipv4, EveryFragmentIsOneForThoseWhoPutThemTogether) {
    auto bytes = test::datagram4();
    packet::Packet packet;
    auto const drop = [&](std::uint16_t flags_and_offset) {
        test::set_u16(bytes, 6, flags_and_offset);
        return decode({.bytes = bytes, .link = LinkType::ipv4}, packet, Tunnels::inner,
                      Fragments::none);
    };
    EXPECT_EQ(drop(0x2000), Drop::ip_fragment);
    EXPECT_EQ(drop(0x4000), std::nullopt);  // "do not fragment" makes none
    EXPECT_EQ(drop(0x2003), Drop::ip_fragment);
    auto const found = find_fragment({.bytes = bytes, .link = LinkType::ipv4}, Tunnels::inner);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->offset, 24U);
    EXPECT_TRUE(found->more);
    EXPECT_EQ(found->begin, 20U);
    EXPECT_EQ(found->size, bytes.size() - 20);
    EXPECT_EQ(found->captured, found->size);
    bytes.resize(bytes.size() - 2);
    auto const cut = find_fragment({.bytes = bytes, .link = LinkType::ipv4}, Tunnels::inner);
    EXPECT_EQ(cut->captured + 2, cut->size);
}

TEST(Ipv4, OtherProtocols) {
    for (unsigned const protocol : {1U, 2U, 50U, 89U, 112U, 132U, 255U}) {
        EXPECT_EQ(dropped(test::ipv4(protocol, "10.0.0.1", "10.0.0.2", test::Bytes(40))),
                  Drop::not_tcp_or_udp)
            << protocol;
    }
    // Extension headers belong to IPv6 alone.
    EXPECT_EQ(dropped(test::ipv4(60, "10.0.0.1", "10.0.0.2", hex("06 00 000000000000" + segment))),
              Drop::not_tcp_or_udp);
}

TEST(Ipv4, VersionMustFitTheLink) {
    EXPECT_EQ(test::drop_of(test::datagram6(), LinkType::ipv4), Drop::malformed_ip_header);
    EXPECT_EQ(test::drop_of(test::datagram4() + test::Bytes(20), LinkType::ipv6),
              Drop::malformed_ip_header);
}

TEST(Ipv6, ExtensionHeaders) {
    auto const hop_by_hop = "3c 00 0104 00000000";                 // then destination options
    auto const options = " 2b 01 010c 000000000000 000000000000";  // then routing
    auto const routing = " 2c 00 0000 00000000";                   // then fragment
    auto const fragment = " 33 00 0001 00000007";                  // first, more follow; then AH
    auto const authentication = " 06 01 0000 00000001 00000001 ";  // then TCP
    auto const packet = kept(ipv6_with(
        0, std::string(hop_by_hop) + options + routing + fragment + authentication + segment));
    EXPECT_EQ(packet.network, 0);
    EXPECT_EQ(packet.transport, 40 + 8 + 16 + 8 + 8 + 12);
    EXPECT_EQ(packet.source.port, 4660);
    EXPECT_EQ(packet.payload_length, 0);
}

TEST(Ipv6, LaterFragment) {
    EXPECT_EQ(dropped(ipv6_with(44, "06 00 0008 00000007" + segment)), Drop::ip_fragment);
}

TEST(Ipv6, NoTransportHeader) {
    EXPECT_EQ(dropped(ipv6_with(58, "8000000000000000")), Drop::not_tcp_or_udp);  // ICMPv6
    EXPECT_EQ(dropped(ipv6_with(59, "")), Drop::not_tcp_or_udp);                  // no next header
    EXPECT_EQ(dropped(ipv6_with(50, segment)), Drop::not_tcp_or_udp);             // ESP
}

TEST(Ipv6, ExtensionPastTheEnd) {
    EXPECT_EQ(dropped(ipv6_with(0, "06 ff 000000000000" + segment)), Drop::truncated_ip_header);
}

TEST(Ipv6, EndlessExtensions) {
    std::string chain;
    for (int i = 0; i < 1200; ++i) chain += "0000000000000000";
    EXPECT_EQ(dropped(ipv6_with(0, chain)), Drop::nested_too_deep);
}

TEST(Ipv6, PayloadLengthZeroIsTheRestOfTheFrame) {
    auto bytes = ipv6_with(6, segment + "6162");
    test::set_u16(bytes, 4, 0);
    EXPECT_EQ(kept(bytes).payload_length, 2);
}

TEST(Tunnel, DeepTunnelsEnd) {
    auto bytes = test::datagram4();
    for (int i = 0; i < 64; ++i) bytes = test::ipv4(4, "10.0.0.1", "10.0.0.2", bytes);
    EXPECT_EQ(dropped(bytes), Drop::nested_too_deep);
}

TEST(Tunnel, InnerLengthCannotExceedTheOuterOne) {
    auto inner = test::datagram4();
    test::set_u16(inner, 2, 1000);
    auto const bytes = test::ipv4(4, "10.0.0.1", "10.0.0.2", inner) + test::Bytes(100);
    auto const packet = kept(bytes);
    EXPECT_EQ(packet.payload_length, 5);
    EXPECT_EQ(packet.end, 65);
}

TEST(Tunnel, GreThatWeDoNotFollow) {
    auto gre = [](std::string const& rest) {
        return dropped(test::ipv4(47, "10.0.0.1", "10.0.0.2", hex(rest) + test::datagram4()));
    };
    EXPECT_EQ(gre("4000 0800 00000000 00000000"), Drop::not_tcp_or_udp);  // source routing
    EXPECT_EQ(gre("0002 0800"), Drop::not_tcp_or_udp);                    // version 2
    EXPECT_EQ(gre("0000 00fe"), Drop::not_tcp_or_udp);                    // OSI
    EXPECT_EQ(gre("0000 2001"), Drop::not_ip);                            // next-hop resolution
}

test::Bytes in_udp(std::uint16_t port, test::Bytes const& payload) {
    return test::ip_packet(
        {.protocol = Protocol::udp, .destination_port = port, .payload = payload});
}

TEST(Tunnel, OuterPolicyTakesTheDatagramAround) {
    auto const vxlan = hex("0800000000000100") + test::ethernet(0x0800, test::datagram4());
    auto const bytes = in_udp(4789, vxlan);
    auto const packet =
        std::get<Packet>(decode(test::frame_of(bytes, LinkType::raw_ip), Tunnels::outer));
    EXPECT_EQ(packet.destination.port, 4789);
    EXPECT_EQ(packet.payload_length, vxlan.size());
    EXPECT_EQ(packet.tunnels, 0);
    EXPECT_TRUE(packet.holds_tunnel);
    EXPECT_FALSE(kept(bytes).holds_tunnel);
}

TEST(Tunnel, OfWhichNothingCanBeReadIsTold) {
    auto const icmp = test::ipv4(1, "10.0.0.1", "10.0.0.2", test::Bytes(8));
    EXPECT_TRUE(kept(in_udp(2152, hex("30ff0000 00000001") + icmp)).holds_tunnel);
    EXPECT_TRUE(
        kept(in_udp(4789, hex("0800000000000100") + test::ethernet(0x0806, test::Bytes(28))))
            .holds_tunnel);
    EXPECT_FALSE(kept(in_udp(53, icmp)).holds_tunnel);
    EXPECT_FALSE(kept(in_udp(2152, {})).holds_tunnel);
}

// The port alone makes no tunnel, and what carries ARP or a cut header is a datagram all the same.
TEST(Tunnel, WithoutAPacketInsideTheDatagramIsIt) {
    auto const arp = test::ethernet(0x0806, test::Bytes(28));
    for (auto const& [port, payload] : std::vector<std::pair<std::uint16_t, test::Bytes>>{
             {4789, hex("0800000000000100") + arp},
             {4789, hex("0000000000000100") + test::ethernet(0x0800, test::datagram4())},
             {4789, {}},
             {6081, hex("4000655800000000") + test::ethernet(0x0800, test::datagram4())},
             {2152, hex("32010004 00000000 00000000")},
             {2152, hex("34ff0004 00000000 00000001 00")},
             {3544, hex("0001ffff")},
             {3544, test::datagram4()}}) {
        auto const packet = kept(in_udp(port, payload));
        EXPECT_EQ(packet.destination.port, port);
        EXPECT_EQ(packet.payload_length, payload.size());
        EXPECT_EQ(packet.tunnels, 0);
    }
}

TEST(Tunnel, DatagramsInsideEachOtherEnd) {
    auto payload = test::datagram4();
    for (int i = 0; i < 40; ++i) payload = in_udp(2152, hex("30ff0000 00000001") + payload);
    EXPECT_LE(kept(payload).tunnels, 4);
}

}  // namespace tessera::packet
