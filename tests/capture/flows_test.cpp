// Distinct 5-tuples of every shared capture, with their packets and first times, against tables
// made by an independent parser (both directions together, no time-out).
#include "shared_corpus.hpp"

#include <compare>

#include <gtest/gtest.h>
#include <packet_builder.hpp>
#include <scratch.hpp>

#include <tessera/base/error.hpp>
#include <tessera/capture/capture_reader.hpp>
#include <tessera/packet/decode.hpp>

namespace tessera::capture {

namespace fs = std::filesystem;
using packet::Endpoint;

namespace {

struct Key {
    int protocol;
    Endpoint low;
    Endpoint high;

    auto operator<=>(Key const&) const = default;
};

struct Seen {
    std::uint64_t packets = 0;
    base::Nanoseconds first = 0;
};

using Flows = std::map<Key, Seen>;

Key key(int protocol, Endpoint const& one, Endpoint const& other) {
    return {protocol, std::min(one, other), std::max(one, other)};
}

std::map<std::string, Flows> flow_table(fs::path const& path) {
    std::map<std::string, Flows> files;
    for (auto const& row : test::csv_rows(test::file_text(path))) {
        auto const endpoint = [&row](std::string const& side) {
            return Endpoint{test::address(row.at(side + "_ip")),
                            static_cast<std::uint16_t>(std::stoi(row.at(side + "_port")))};
        };
        auto const flow = key(std::stoi(row.at("proto")), endpoint("a"), endpoint("b"));
        files[row.at("path")][flow] = {std::stoull(row.at("packets")),
                                       std::stoll(row.at("first_ns"))};
    }
    return files;
}

Flows read_flows(fs::path const& path) try {
    Flows flows;
    auto const reader = open_capture(path);
    for (packet::Frame frame; reader->next(frame);) {
        auto const result = packet::decode(frame, packet::Tunnels::outer);  // as the table's parser
        auto const* packet = std::get_if<packet::Packet>(&result);
        if (packet == nullptr) continue;
        auto const protocol = static_cast<int>(packet->protocol);
        auto& seen = flows[key(protocol, packet->source, packet->destination)];
        if (seen.packets++ == 0) seen.first = packet->time;
    }
    return flows;
} catch (base::Error const&) {
    return {};
}

// Flows that only one side has, and packets that differ in flows that both have (+: we have more).
struct Difference {
    long missing = 0;
    long extra = 0;
    long packets = 0;

    bool operator==(Difference const&) const = default;
};

std::ostream& operator<<(std::ostream& out, Difference const& difference) {
    return out << difference.missing << " missing, " << difference.extra << " extra, "
               << difference.packets << " packets";
}

// The table's times went through doubles twice, as seconds and as ns: steps of 238 and 256 ns at
// the present. Exact times are checked against libpcap.
constexpr base::Nanoseconds time_step = 512;

Difference difference(Flows const& expected, Flows const& found) {
    Difference result;
    for (auto const& [flow, seen] : expected) {
        auto const match = found.find(flow);
        if (match == found.end()) {
            ++result.missing;
            continue;
        }
        auto const& ours = match->second;
        result.packets += static_cast<long>(ours.packets) - static_cast<long>(seen.packets);
        EXPECT_LE(std::abs(ours.first - seen.first), time_step);
    }
    for (auto const& [flow, seen] : found) result.extra += expected.count(flow) == 0 ? 1 : 0;
    return result;
}

using Explained = std::map<std::string, Difference>;

void compare(std::string const& set, Explained const& explained) {
    auto const shared = test::shared_folder();
    if (!shared) GTEST_SKIP() << "no shared captures";
    auto const expected = flow_table(*shared / "data" / ("flows_" + set + ".csv.gz"));
    std::size_t met = 0;
    auto const manifest = *shared / "data" / ("manifest_" + set + ".csv");
    for (auto const& row : test::csv_rows(test::file_text(manifest))) {
        auto const& path = row.at("path");
        auto const flows = expected.find(path);
        auto const found = read_flows(*shared / "data" / set / path);
        auto const reason = explained.find(path);
        if (reason != explained.end()) ++met;
        EXPECT_EQ(difference(flows == expected.end() ? Flows{} : flows->second, found),
                  reason == explained.end() ? Difference{} : reason->second)
            << path;
    }
    EXPECT_EQ(met, explained.size());
}

}  // namespace

TEST(Flows, PublicCaptures) {
    std::string const ndpi = "ntop+nDPI/tests/cfgs/default/pcap/";
    compare("public", {
                          // Cisco HDLC under the link type of PPP; the table's parser knows PPP.
                          {ndpi + "BGP_Cisco_hdlc_slarp.pcap", {0, 1, 0}},
                          // PPP inside GRE version 1 (PPTP), which the table's parser leaves.
                          {ndpi + "gre.pcapng", {0, 1, 0}},
                          // First fragments of 16 bytes: no whole TCP header, so no packet for us.
                          {ndpi + "ip_fragmented_garbage.pcap", {4, 0, 0}},
                      });
}

TEST(Flows, HostileCaptures) {
    std::string const tcpdump = "the-tcpdump-group+tcpdump/tests/";
    std::string const pf_ring = "ntop+PF_RING/userland/tcpdump-4.99.1/tests/";
    std::string const ndpi = "ntop+nDPI/tests/cfgs/default/pcap/";
    std::string const suricata = "OISF+suricata-verify/tests/";
    std::string const xz1 = "matousp+ja3s-fingerprinting/pcap/ma1/xz1_";
    std::string const gopacket = "google+gopacket/pcapgo/tests/";
    compare(
        "hostile",
        {
            // 24-byte record headers: the table has none of their packets.
            {xz1 + "slack.pcap", {0, 24, 0}},
            {xz1 + "telegram_filtered.pcap", {0, 17, 0}},
            {xz1 + "wa_merged.pcap", {0, 28, 0}},
            // Headers that the table's parser does not follow: PPP and PPTP, PPPoE, ERSPAN, an
            // 802.11 header with HT control, MPLS.
            {"zeek+zeek/testing/btest/Traces/tunnels/gre-pptp.pcap", {0, 1, 0}},
            {suricata + "bug-4810/pppoe-session-http.pcap", {0, 1, 0}},
            {suricata + "defrag/bug-6887-defrag-ppp-ipv6-tcp/frag-ppp-ipv6-tcp.pcap", {0, 1, 0}},
            {suricata + "bug-5437-01/input.pcap", {0, 2, 0}},
            {tcpdump + "erspan-type-ii-2.pcap", {0, 4, 0}},
            {"dotpcap+packetnet/Test/CaptureFiles/gre_custom_protocol.pcap", {0, 1, 0}},
            {tcpdump + "ieee802.11_htc.pcap", {0, 1, 0}},
            {tcpdump + "lspping-fec-ldp.pcap", {0, 3, 0}},
            {tcpdump + "lspping-fec-rsvp.pcap", {0, 1, 0}},
            {tcpdump + "mpls-traceroute.pcap", {0, 9, 0}},
            {tcpdump + "wb-oobr.pcap", {0, 2, 0}},
            {pf_ring + "wb-oobr.pcap", {0, 2, 0}},
            // IP versions or lengths that lie: 11 and 19 bytes, IPv6 on a link of IPv4 and back.
            {"seladb+PcapPlusPlus/Tests/Packet++Test/PacketExamples/ipv4-malformed.pcap",
             {1, 0, 0}},
            {tcpdump + "ipv4_invalid_total_length_2.pcap", {1, 0, 0}},
            {tcpdump + "LINKTYPE_IPV4_invalid.pcap", {1, 0, 0}},
            {tcpdump + "LINKTYPE_IPV6_invalid.pcap", {1, 0, 0}},
            // TCP data offsets below 5 words, a UDP length of 5.
            {ndpi + "fuzz-2006-09-29-28586.pcap", {1, 0, -2}},
            {ndpi + "reasm_crash_anon.pcapng", {0, 0, -2}},
            {suricata + "udp-5379/udp-len-invalid/input.pcap", {1, 0, 0}},
            // TCP headers cut by the end of the capture.
            {tcpdump + "beep-oobr.pcap", {1, 0, 0}},
            {tcpdump + "heapoverflow-tcp_print.pcap", {1, 0, 0}},
            {pf_ring + "beep-oobr.pcap", {1, 0, 0}},
            {pf_ring + "heapoverflow-tcp_print.pcap", {1, 0, 0}},
            {pf_ring + "tcp-auth-heapoverflow.pcap", {1, 0, 0}},
            // A section of pcapng version 2 ends the reading, with a fault.
            {gopacket + "be/test901.pcapng", {1, 0, -1}},
            {gopacket + "le/test901.pcapng", {1, 0, -1}},
        });
}

}  // namespace tessera::capture
