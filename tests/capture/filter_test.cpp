#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <packet_builder.hpp>

#include <tessera/base/error.hpp>
#include <tessera/capture/filter.hpp>

namespace tessera::capture {

using packet::LinkType;

namespace {

bool matches(Filter const& filter, test::Bytes const& bytes, std::uint32_t wire_length = 0) {
    return filter.matches({bytes, wire_length, LinkType::ethernet, 0});
}

}  // namespace

TEST(Filter, ChoosesByPort) {
    Filter const filter("tcp port 443", LinkType::ethernet);
    EXPECT_TRUE(matches(filter, test::frame({})));
    EXPECT_FALSE(matches(filter, test::frame({.destination_port = 80})));
    EXPECT_FALSE(matches(filter, test::frame({.protocol = packet::Protocol::udp})));
    EXPECT_FALSE(matches(filter, {}));
}

TEST(Filter, WireLengthCounts) {
    Filter const filter("greater 1000", LinkType::ethernet);
    EXPECT_TRUE(matches(filter, test::frame({}), 1500));
    EXPECT_FALSE(matches(filter, test::frame({}), 60));
}

TEST(Filter, EveryLinkTypeOfIp) {
    auto const bytes = test::ip_packet({});
    for (auto const link :
         {LinkType::raw_ip, LinkType::raw_ip_bsd, LinkType::raw_ip_openbsd, LinkType::ipv4}) {
        Filter const filter("host 10.0.0.2 and tcp", link);
        EXPECT_TRUE(filter.matches({bytes, 0, link, 0})) << static_cast<unsigned>(link);
    }
}

TEST(Filter, BadExpressionIsAUsageError) {
    try {
        Filter const filter("tcp prot 443", LinkType::ethernet);
        FAIL();
    } catch (base::Error const& error) {
        EXPECT_EQ(error.code(), base::ExitCode::usage);
        EXPECT_THAT(error.what(), testing::HasSubstr("tcp prot 443"));
    }
}

TEST(Filter, WhatMeansNothingOnALinkMatchesNothingThere) {
    Filter const ethernet("ether host 02:00:00:00:00:01", LinkType::ethernet);
    EXPECT_TRUE(matches(ethernet, test::frame({})));
    Filter const raw("ether host 02:00:00:00:00:01", LinkType::raw_ip);
    EXPECT_FALSE(raw.matches({test::ip_packet({}), 0, LinkType::raw_ip, 0}));
    Filter const unknown("tcp port 443", static_cast<LinkType>(65'000));
    EXPECT_FALSE(unknown.matches({test::ip_packet({}), 0, static_cast<LinkType>(65'000), 0}));
    EXPECT_NO_THROW(Filter("wlan type mgt", LinkType::ethernet));
}

TEST(Filter, Moves) {
    Filter one("udp", LinkType::ethernet);
    Filter other("tcp", LinkType::ethernet);
    one = std::move(other);
    EXPECT_TRUE(matches(one, test::frame({})));
}

}  // namespace tessera::capture
