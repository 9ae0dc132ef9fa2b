#include <gtest/gtest.h>
#include <packet_builder.hpp>

#include <tessera/packet/packet.hpp>

namespace tessera::packet {

TEST(Address, Text) {
    EXPECT_EQ(to_text(test::address("192.0.2.255")), "192.0.2.255");
    EXPECT_EQ(to_text(Address{}), "::");
    EXPECT_EQ(to_text(test::address("2001:DB8:0:0:1:0:0:1")), "2001:db8::1:0:0:1");  // RFC 5952
    EXPECT_EQ(to_text(test::address("fe80::1")), "fe80::1");
}

TEST(Address, Version) {
    EXPECT_TRUE(test::address("0.0.0.0").is_ipv4());
    EXPECT_FALSE(test::address("::").is_ipv4());
    EXPECT_FALSE(test::address("::1:2:3").is_ipv4());
}

TEST(Endpoint, OrderIsByAddressThenPort) {
    Endpoint const low{test::address("10.0.0.1"), 9};
    EXPECT_LT(low, (Endpoint{test::address("10.0.0.1"), 10}));
    EXPECT_LT(low, (Endpoint{test::address("10.0.0.2"), 1}));
}

TEST(Protocol, Names) {
    EXPECT_STREQ(name(Protocol::tcp), "tcp");
    EXPECT_STREQ(name(Protocol::udp), "udp");
}

}  // namespace tessera::packet
