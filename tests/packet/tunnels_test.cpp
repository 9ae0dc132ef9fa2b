#include "known_frames.hpp"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tessera/packet/decode.hpp>
#include <tessera/packet/tunnels.hpp>

namespace tessera::packet {
namespace {

std::set<std::string> kinds(TunnelSet tunnels) {
    std::set<std::string> names;
    for (std::size_t i = 0; i < tunnel_kinds; ++i) {
        auto const kind = static_cast<Tunnel>(i);
        if (tunnels.has(kind)) names.insert(name(kind));
    }
    return names;
}

Packet decoded(test::Bytes const& bytes, LinkType link, Tunnels tunnels = Tunnels::inner) {
    Frame const frame{bytes, static_cast<std::uint32_t>(bytes.size()), link, 0};
    return std::get<Packet>(decode(frame, tunnels));
}

// What the frames are called says what they are wrapped in.
std::set<std::string> expected(std::string const& frame) {
    static std::vector<std::pair<std::string, char const*>> const words{
        {"PPPoE", "pppoe"},   {"MPLS", "mpls"},   {" in IPv", "ip_in_ip"}, {"AH", "ip_in_ip"},
        {"6in4", "6in4"},     {"GRE", "gre"},     {"ERSPAN", "gre"},       {"VXLAN", "vxlan"},
        {"GENEVE", "geneve"}, {"GTP-U", "gtp-u"}, {"Teredo", "teredo"}};
    std::set<std::string> names;
    for (auto const& [word, kind] : words) {
        if (frame.find(word) != std::string::npos) names.insert(kind);
    }
    return names;
}

TEST(TunnelSet, TellsWhatCarriedThePacket) {
    for (auto const& known : test::known_frames()) {
        auto const bytes = known.bytes();
        EXPECT_EQ(kinds(decoded(bytes, known.link).carriers), expected(known.name)) << known.name;
    }
}

// The datagram around is the packet then, but it is known to carry one.
TEST(TunnelSet, OfAnOuterDatagramTellsWhatIsInside) {
    for (auto const& known : test::known_frames()) {
        auto const bytes = known.bytes();
        auto const outer = decoded(bytes, known.link, Tunnels::outer);
        EXPECT_EQ(kinds(outer.carriers), expected(known.name)) << known.name;
    }
}

TEST(TunnelCounts, CountAPacketWithEachOfItsTunnels) {
    TunnelSet both;
    both.add(Tunnel::gre);
    both.add(Tunnel::mpls);
    TunnelCounts counts;
    counts.add(both);
    counts.add({});
    counts.add(decoded(test::datagram4(), LinkType::raw_ip).carriers);
    EXPECT_EQ(counts[Tunnel::gre], 1U);
    EXPECT_EQ(counts[Tunnel::mpls], 1U);
    EXPECT_EQ(counts[Tunnel::vxlan], 0U);
}

}  // namespace
}  // namespace tessera::packet
