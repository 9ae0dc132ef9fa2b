// Captures to flows on real traffic: with time-outs off, the flows of all 897 public captures are
// those of a table that another program made (flows_public.csv.gz): the same 5-tuples, and of each
// the packets, bytes, first time stamp and first sender.
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include <gtest/gtest.h>
#include <packet_builder.hpp>
#include <scratch.hpp>
#include <zlib.h>

#include <tessera/capture/capture_reader.hpp>
#include <tessera/flow/flow_table.hpp>
#include <tessera/packet/decode.hpp>

namespace tessera {
namespace {

struct Facts {
    std::uint64_t packets = 0;
    std::uint64_t wire_bytes = 0;
    base::Nanoseconds first_time = 0;
    packet::Endpoint initiator;

    // The table's time stamps went through 64-bit floats in s and ns, whose steps are 238 and
    // 256 ns here.
    bool operator==(Facts const& other) const {
        return packets == other.packets && wire_bytes == other.wire_bytes &&
               std::abs(first_time - other.first_time) <= 512 && initiator == other.initiator;
    }
};

using Flows = std::map<flow::FlowKey, Facts>;

std::vector<std::string> cells(std::string const& row) {
    std::vector<std::string> result;
    std::istringstream stream(row);
    for (std::string cell; std::getline(stream, cell, ',');) result.push_back(cell);
    return result;
}

// No path or address holds a comma or a quote.
std::map<std::string, Flows> expected_flows(std::filesystem::path const& table) {
    std::unique_ptr<gzFile_s, int (*)(gzFile)> const file(gzopen(table.c_str(), "rb"), gzclose);
    if (!file) throw std::runtime_error("cannot open " + table.string());
    std::map<std::string, Flows> result;
    char line[4096];
    gzgets(file.get(), line, sizeof line);  // column names
    while (gzgets(file.get(), line, sizeof line) != nullptr) {
        auto const row = cells(line);
        auto const endpoint = [&](std::size_t at) {
            return packet::Endpoint{test::address(row.at(at)),
                                    static_cast<std::uint16_t>(std::stoul(row.at(at + 1)))};
        };
        auto const a = endpoint(2);
        auto const b = endpoint(4);
        auto const protocol = static_cast<packet::Protocol>(std::stoi(row.at(1)));
        result[row.at(0)][{std::min(a, b), std::max(a, b), protocol}] = {
            std::stoull(row.at(6)), std::stoull(row.at(7)), std::stoll(row.at(8)),
            row.at(9) == "1" ? a : b};
    }
    return result;
}

Facts facts(flow::Flow const& flow) {
    Facts result{flow.packets.size(), 0, flow.packets.front().time, flow.initiator()};
    for (auto const& packet : flow.packets) result.wire_bytes += packet.wire_length;
    return result;
}

Flows flows_of(std::filesystem::path const& capture) {
    Flows result;
    flow::FlowTable table({.idle_timeout = 0, .active_timeout = 0, .max_packets = 0},
                          [&](flow::Flow const& flow) { result.emplace(flow.key, facts(flow)); });
    auto const reader = capture::open_capture(capture);
    for (packet::Frame frame; reader->next(frame);) {
        auto const decoded = packet::decode(frame, packet::Tunnels::outer);
        if (auto const* packet = std::get_if<packet::Packet>(&decoded)) table.add(*packet, {});
    }
    table.finish();
    EXPECT_EQ(table.counts().flows, result.size()) << "a flow was cut in two";
    return result;
}

std::string line(flow::FlowKey const& key, Facts const& facts) {
    return std::string(name(key.protocol)) + " " + to_text(key.low.address) + " " +
           std::to_string(key.low.port) + " " + to_text(key.high.address) + " " +
           std::to_string(key.high.port) + ": " + std::to_string(facts.packets) + " packets, " +
           std::to_string(facts.wire_bytes) + " bytes, first " + std::to_string(facts.first_time) +
           " from port " + std::to_string(facts.initiator.port);
}

// What stands in one and not, or not so, in the other.
std::string difference(Flows const& ours, Flows const& theirs) {
    std::string text;
    for (auto const& [key, facts] : ours) {
        auto const other = theirs.find(key);
        if (other == theirs.end() || other->second != facts) text += "+ " + line(key, facts) + "\n";
    }
    for (auto const& [key, facts] : theirs) {
        auto const other = ours.find(key);
        if (other == ours.end() || other->second != facts) text += "- " + line(key, facts) + "\n";
    }
    return text;
}

struct Explained {
    char const* path;
    char const* why;
    char const* difference;  // + we have it, - the table has it
};

// All that differs, each looked at with tshark.
constexpr Explained explained[] = {
    {"ntop+nDPI/tests/cfgs/default/pcap/ip_fragmented_garbage.pcap",
     "first fragments with 16 bytes of TCP: the ports are there, the header (20 bytes) is not, so "
     "we drop them as malformed_transport_header; the table takes the ports",
     "- tcp 10.0.0.2 9253 10.128.0.2 24102: 1 packets, 54 bytes, first 1534244025305644000 from "
     "port 9253\n"
     "- tcp 10.0.0.2 16417 10.128.0.2 16419: 1 packets, 54 bytes, first 1534244025609837000 from "
     "port 16417\n"
     "- tcp 10.0.0.2 18730 10.128.0.2 20304: 1 packets, 54 bytes, first 1534244025001741000 from "
     "port 18730\n"
     "- tcp 10.0.0.2 24102 10.128.0.2 10792: 1 packets, 54 bytes, first 1534244024697756000 from "
     "port 24102\n"},
    {"ntop+nDPI/tests/cfgs/default/pcap/gre.pcapng",
     "a SIP packet in PPP in GRE: we follow it, as tshark does",
     "+ udp 192.168.10.210 5060 192.168.103.40 5060: 1 packets, 384 bytes, first "
     "1483501349095788000 from port 5060\n"},
    {"ntop+nDPI/tests/cfgs/default/pcap/BGP_Cisco_hdlc_slarp.pcap",
     "Cisco HDLC, a link type that the table's reader does not know; tshark sees the same packets",
     "+ tcp 100.16.1.1 179 100.16.1.2 18324: 14 packets, 969 bytes, first 1445156939131847000 from "
     "port 18324\n"},
};

std::string explained_difference(std::string const& path) {
    for (auto const& each : explained) {
        if (path == each.path) return each.difference;
    }
    return "";
}

TEST(FlowCounts, OfAllPublicCapturesAreThoseOfTheTable) {
    auto const shared = test::shared_folder();
    if (!shared) GTEST_SKIP() << "no shared captures here";
    auto expected = expected_flows(*shared / "data/flows_public.csv.gz");
    std::size_t files = 0;
    auto const folder = *shared / "data/public";
    for (auto const& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (!entry.is_regular_file() || entry.path().filename() == "SHA256SUMS") continue;
        auto const path = entry.path().lexically_relative(folder).string();
        EXPECT_EQ(difference(flows_of(entry.path()), expected[path]), explained_difference(path))
            << path;
        ++files;
    }
    EXPECT_EQ(files, 897U);
}

}  // namespace
}  // namespace tessera
