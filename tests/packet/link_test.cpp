#include "known_frames.hpp"

#include <memory>

#include <gtest/gtest.h>

namespace tessera::packet {

using test::hex;
using test::operator+;

namespace {

void expect_datagram4(Packet const& packet, std::size_t network) {
    EXPECT_EQ(packet.ip_version, 4);
    EXPECT_EQ(packet.protocol, Protocol::tcp);
    EXPECT_EQ(to_text(packet.source.address), "10.1.2.3");
    EXPECT_EQ(to_text(packet.destination.address), "192.0.2.1");
    EXPECT_EQ(packet.source.port, 4660);
    EXPECT_EQ(packet.destination.port, 443);
    EXPECT_EQ(packet.tcp_flags, tcp_flag::syn | tcp_flag::ack);
    EXPECT_EQ(packet.network, network);
    EXPECT_EQ(packet.transport, network + 20);
    EXPECT_EQ(packet.payload, network + 40);
    EXPECT_EQ(packet.payload_length, 5);
    EXPECT_EQ(packet.end, network + 45);
}

void expect_datagram6(Packet const& packet, std::size_t network) {
    EXPECT_EQ(packet.ip_version, 6);
    EXPECT_EQ(packet.protocol, Protocol::udp);
    EXPECT_EQ(to_text(packet.source.address), "2001:db8::1");
    EXPECT_EQ(to_text(packet.destination.address), "2001:db8::2");
    EXPECT_EQ(packet.source.port, 53);
    EXPECT_EQ(packet.destination.port, 4660);
    EXPECT_EQ(packet.network, network);
    EXPECT_EQ(packet.transport, network + 40);
    EXPECT_EQ(packet.payload, network + 48);
    EXPECT_EQ(packet.payload_length, 3);
    EXPECT_EQ(packet.end, network + 51);
}

}  // namespace

TEST(Link, EveryWayToTheDatagram) {
    for (auto const& known : test::known_frames()) {
        SCOPED_TRACE(known.name);
        auto const bytes = known.bytes();
        auto const result = decode(test::frame_of(bytes, known.link));
        auto const* packet = std::get_if<Packet>(&result);
        if (packet == nullptr) {
            ADD_FAILURE() << "dropped: " << name(std::get<Drop>(result));
            continue;
        }
        EXPECT_EQ(packet->bytes.data(), bytes.data());
        EXPECT_EQ(packet->tunnels, known.tunnels);
        (known.six ? expect_datagram6 : expect_datagram4)(*packet, known.before.size());
    }
}

// Each prefix lies in a block of its own size, so that a sanitizer sees any read past it.
TEST(Link, EveryPrefixIsAPacketOrADrop) {
    for (auto const& known : test::known_frames()) {
        SCOPED_TRACE(known.name);
        auto const whole = known.bytes();
        auto const headers = known.before.size() + (known.six ? 48U : 40U);
        for (std::size_t size = 0; size <= whole.size(); ++size) {
            auto const cut = std::make_unique<std::byte[]>(size);
            std::copy_n(whole.begin(), size, cut.get());
            Frame const frame{
                {cut.get(), size}, static_cast<std::uint32_t>(whole.size()), known.link, 7};
            auto const result = decode(frame);
            // Of a datagram whose inside is cut there is still the datagram.
            auto const least = known.datagram == 0 ? headers : known.datagram;
            EXPECT_EQ(std::holds_alternative<Packet>(result), size >= least) << size;
            auto const* packet = std::get_if<Packet>(&result);
            if (packet != nullptr && size >= headers) {
                EXPECT_EQ(packet->end, size);
                EXPECT_EQ(packet->payload_length, known.six ? 3U : 5U);
                EXPECT_EQ(packet->wire_length, whole.size());
                EXPECT_EQ(packet->time, 7);
            }
        }
    }
}

TEST(Link, PaddingIsNoPartOfTheDatagram) {
    auto const bytes = test::ethernet(0x0800, test::datagram4()) + test::Bytes(20);
    auto const packet = std::get<Packet>(decode(test::frame_of(bytes, LinkType::ethernet)));
    EXPECT_EQ(packet.end, 14 + 45);
    EXPECT_EQ(packet.payload_length, 5);
    EXPECT_EQ(packet.wire_length, 14 + 45 + 20);
}

TEST(Link, WhatIsNotIp) {
    using test::drop_of;
    EXPECT_EQ(drop_of(test::ethernet(0x0806, test::Bytes(28))), Drop::not_ip);  // ARP
    EXPECT_EQ(drop_of(test::ethernet(0x88cc, test::Bytes(28))), Drop::not_ip);  // LLDP
    EXPECT_EQ(drop_of(test::ethernet(0x8863, test::Bytes(28))), Drop::not_ip);  // PPPoE discovery
    EXPECT_EQ(drop_of(test::ethernet(0x0026, hex("424203"))), Drop::not_ip);    // spanning tree
    EXPECT_EQ(drop_of(hex("ff03c021 01010004"), LinkType::ppp), Drop::not_ip);  // LCP
    EXPECT_EQ(drop_of(hex("07000000 00"), LinkType::null_loopback), Drop::not_ip);
    EXPECT_EQ(drop_of(hex("80000000") + test::Bytes(40), LinkType::ieee80211),  // beacon
              Drop::not_ip);
    EXPECT_EQ(drop_of(hex("08410000") + test::Bytes(40), LinkType::ieee80211),  // encrypted
              Drop::not_ip);
    EXPECT_EQ(drop_of(hex("48010000") + test::Bytes(40), LinkType::ieee80211),  // no data
              Drop::not_ip);
    EXPECT_EQ(drop_of(hex("75"), LinkType::raw_ip), Drop::not_ip);
}

TEST(Link, UnknownLinkTypes) {
    EXPECT_EQ(test::drop_of(test::datagram4(), static_cast<LinkType>(147)),
              Drop::unknown_link_type);
    EXPECT_EQ(test::drop_of(test::datagram4(), static_cast<LinkType>(65'000)),
              Drop::unknown_link_type);
    EXPECT_EQ(test::drop_of(hex("00 00 0800 93000000"), LinkType::ppi), Drop::unknown_link_type);
    EXPECT_EQ(test::drop_of(hex("00 00 0800 01000100") + test::datagram4(), LinkType::ppi),
              Drop::unknown_link_type);
}

TEST(Link, DeepStacksEnd) {
    test::Bytes tags;
    for (int i = 0; i < 200; ++i) tags = tags + hex("0001 8100");
    EXPECT_EQ(test::drop_of(test::ethernet(0x8100, tags + hex("0001 0800") + test::datagram4())),
              Drop::nested_too_deep);
    test::Bytes labels;
    for (int i = 0; i < 300; ++i) labels = labels + hex("00000040");
    EXPECT_EQ(test::drop_of(test::ethernet(0x8847, labels)), Drop::nested_too_deep);
    test::Bytes headers;
    for (int i = 0; i < 100; ++i) headers = headers + hex("00 00 0800 c0000000");
    EXPECT_EQ(test::drop_of(headers, LinkType::ppi), Drop::nested_too_deep);
}

TEST(Link, LyingHeaderLengths) {
    auto const cut = Drop::truncated_link_header;
    EXPECT_EQ(test::drop_of(hex("00 00 0700 00000000 0801") + test::Bytes(60), LinkType::radiotap),
              cut);
    EXPECT_EQ(test::drop_of(hex("00 00 ffff 00000000 0801") + test::Bytes(60), LinkType::radiotap),
              cut);
    // Presence words without end stop at the header's; the frame goes on as if unpadded.
    EXPECT_EQ(test::drop_of(hex("00 00 0c00 ffffffff ffffffff 0801") + test::Bytes(60),
                            LinkType::radiotap),
              Drop::not_ip);
    EXPECT_EQ(test::drop_of(hex("80211001 00000000") + test::Bytes(60), LinkType::ieee80211_avs),
              cut);
    EXPECT_EQ(test::drop_of(hex("80211001 ffffffff") + test::Bytes(60), LinkType::ieee80211_avs),
              cut);
    EXPECT_EQ(test::drop_of(hex("00 00 0000 01000000") + test::Bytes(60), LinkType::ppi), cut);
}

}  // namespace tessera::packet
