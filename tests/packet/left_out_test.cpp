#include <gtest/gtest.h>
#include <packet_builder.hpp>

#include <tessera/base/error.hpp>
#include <tessera/packet/decode.hpp>
#include <tessera/packet/left_out.hpp>

namespace tessera::packet {
namespace {

using Names = std::vector<std::string>;

std::optional<Drop> found(Names const& names, Protocol protocol, std::uint16_t from,
                          std::uint16_t to, test::Bytes const& payload = {}) {
    auto const bytes = test::ip_packet(
        {.protocol = protocol, .source_port = from, .destination_port = to, .payload = payload});
    auto const packet = std::get<Packet>(
        decode({bytes, static_cast<std::uint32_t>(bytes.size()), LinkType::raw_ip, 0}));
    return LeftOut(names).find(packet);
}

TEST(LeftOut, NothingUnlessAsked) {
    EXPECT_EQ(found({}, Protocol::udp, 5000, 53), std::nullopt);
}

TEST(LeftOut, ByEitherPortOfTheRightProtocol) {
    EXPECT_EQ(found({"dns"}, Protocol::udp, 5000, 53), Drop::left_out_dns);
    EXPECT_EQ(found({"dns"}, Protocol::tcp, 53, 5000), Drop::left_out_dns);
    EXPECT_EQ(found({"dns"}, Protocol::udp, 5000, 5353), std::nullopt);
    EXPECT_EQ(found({"ntp"}, Protocol::tcp, 5000, 123), std::nullopt);
    EXPECT_EQ(found({"dhcp", "ntp"}, Protocol::udp, 546, 547), Drop::left_out_dhcp);
}

TEST(LeftOut, StunByItsCookie) {
    auto const binding = test::hex("0001 0000 2112a442 000102030405060708090a0b");
    EXPECT_EQ(found({"stun"}, Protocol::udp, 5000, 6000, binding), Drop::left_out_stun);
    EXPECT_EQ(found({"dns"}, Protocol::udp, 5000, 6000, binding), std::nullopt);
    EXPECT_EQ(found({"stun"}, Protocol::udp, 5000, 6000, test::hex("8001 0000 2112a442")),
              std::nullopt);
    EXPECT_EQ(found({"stun"}, Protocol::udp, 5000, 6000, test::hex("0001 0000 2112a4")),
              std::nullopt);
}

TEST(LeftOut, ListsAreTheirProtocols) {
    EXPECT_EQ(found({"et-bert"}, Protocol::udp, 5000, 5355), Drop::left_out_llmnr);
    EXPECT_EQ(found({"et-bert"}, Protocol::udp, 5000, 1900), std::nullopt);
    EXPECT_EQ(found({"sugar"}, Protocol::udp, 5000, 1900), Drop::left_out_ssdp);
    EXPECT_EQ(found({"sugar"}, Protocol::tcp, 5000, 179), Drop::left_out_bgp);
    EXPECT_EQ(found({"sugar"}, Protocol::udp, 5000, 53), std::nullopt);
    for (auto const& name : names_to_leave_out()) EXPECT_NO_THROW(LeftOut(Names{name}));
    EXPECT_THROW(LeftOut(Names{"http"}), base::Error);
}

}  // namespace
}  // namespace tessera::packet
