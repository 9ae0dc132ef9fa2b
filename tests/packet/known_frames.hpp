#pragma once

#include <optional>
#include <string>
#include <vector>

#include <packet_builder.hpp>

#include <tessera/packet/decode.hpp>

/// Frames written by hand, one for each way to an IP header. All carry one of two datagrams.
namespace tessera::test {

/// 10.1.2.3:4660 -> 192.0.2.1:443, TCP SYN ACK, payload "abcde", 45 bytes.
inline Bytes datagram4() {
    return hex(
        "45 00 002d  0001 4000  40 06 0000  0a010203  c0000201"
        "1234 01bb  00000001 00000002  50 12 2000  0000 0000  61 62 63 64 65");
}

/// [2001:db8::1]:53 -> [2001:db8::2]:4660, UDP, payload 3 bytes, 51 bytes.
inline Bytes datagram6() {
    return hex(
        "60 000000 000b 11 40  20010db8000000000000000000000001  20010db8000000000000000000000002"
        "0035 1234 000b 0000  01 02 03");
}

struct KnownFrame {
    std::string name;
    packet::LinkType link;
    Bytes before;  ///< all that stands before the datagram
    bool six = false;
    unsigned tunnels = 0;
    std::size_t datagram = 0;  ///< where the header of a UDP tunnel ends; 0: none

    Bytes bytes() const { return before + (six ? datagram6() : datagram4()); }
};

inline std::vector<KnownFrame> known_frames() {
    using L = packet::LinkType;
    std::string const macs = "020000000002 020000000001 ";
    std::string const data = "aaaa03 000000 ";  // LLC and SNAP
    std::string const wlan = " 0000 ffffffffffff 020000000001 020000000002 1000 ";
    // An outer IPv4 header without its protocol-specific end; lengths are generous on purpose.
    auto const outer4 = [](std::string const& protocol) {
        return "45 00 0200 0000 0000 40 " + protocol + " 0000 01010101 02020202 ";
    };
    std::string const outer6 =
        "60000000 0200 04 40 20010db8000000000000000000000003 20010db8000000000000000000000004 ";
    std::string const mac4 = macs + "0800 ";
    return {
        {"Ethernet IPv4", L::ethernet, hex(mac4)},
        {"Ethernet IPv6", L::ethernet, hex(macs + "86dd"), true},
        {"802.1Q", L::ethernet, hex(macs + "8100 0064 0800")},
        {"QinQ", L::ethernet, hex(macs + "9100 0064 8100 0065 0800")},
        {"802.1ad", L::ethernet, hex(macs + "88a8 0064 8100 0065 86dd"), true},
        {"802.3 SNAP", L::ethernet, hex(macs + "0035 " + data + "0800")},
        {"802.3 RFC 948", L::ethernet, hex(macs + "0030 060603")},
        {"PPPoE", L::ethernet, hex(macs + "8864 11 00 0001 002f 0021")},
        {"PPPoE IPv6", L::ethernet, hex(macs + "8864 11 00 0001 0035 0057"), true},
        {"MPLS", L::ethernet, hex(macs + "8847 00010040 00011140")},
        {"MPLS pseudowire", L::ethernet, hex(macs + "8847 00011140 00000000 " + mac4)},
        {"PPP link of PPPoE", L::ppp_ether, hex("11 00 0001 002f 0021")},
        {"PPP", L::ppp, hex("ff03 0021")},
        {"PPP without address", L::ppp, hex("0057"), true},
        {"PPP compressed protocol", L::ppp, hex("21")},
        {"PPP MPLS", L::ppp, hex("ff03 0281 00011140")},
        {"PPP in HDLC", L::ppp_hdlc, hex("ff03 0021")},
        {"Cisco HDLC as PPP", L::ppp_hdlc, hex("0f00 0800")},
        {"Cisco HDLC", L::cisco_hdlc, hex("0f00 86dd"), true},
        {"null little-endian", L::null_loopback, hex("02000000")},
        {"null big-endian", L::null_loopback, hex("00000002")},
        {"null Darwin IPv6", L::null_loopback, hex("1e000000"), true},
        {"loop FreeBSD IPv6", L::loop, hex("0000001c"), true},
        {"Linux cooked", L::linux_cooked, hex("0000 0001 0006 0200000000010000 0800")},
        {"Linux cooked VLAN", L::linux_cooked,
         hex("0000 0001 0006 0200000000010000 8100 0001 0800")},
        {"Linux cooked v2", L::linux_cooked_v2,
         hex("86dd 0000 00000001 0001 00 06 0200000000010000"), true},
        {"raw", L::raw_ip, {}},
        {"raw IPv6", L::raw_ip, {}, true},
        {"raw BSD", L::raw_ip_bsd, {}},
        {"raw OpenBSD", L::raw_ip_openbsd, {}, true},
        {"IPv4 link", L::ipv4, {}},
        {"IPv6 link", L::ipv6, {}, true},
        {"802.11", L::ieee80211, hex("0801" + wlan + data + "0800")},
        {"802.11 QoS", L::ieee80211, hex("8802" + wlan + "0000 " + data + "0800")},
        {"802.11 QoS HT control", L::ieee80211,
         hex("8882" + wlan + "0000 00000000 " + data + "86dd"), true},
        {"802.11 four addresses", L::ieee80211,
         hex("0803" + wlan + "020000000009 " + data + "0800")},
        {"802.11 aggregate", L::ieee80211,
         hex("8802" + wlan + "8000 " + macs + "0035 " + data + "0800")},
        {"radiotap", L::radiotap, hex("00 00 0800 00000000 0801" + wlan + data + "0800")},
        {"radiotap padded", L::radiotap,
         hex("00 00 1100 03000000 0102030405060708 20"
             " 8801" +
             wlan + "0000 ffff " + data + "0800")},
        {"radiotap two words", L::radiotap,
         hex("00 00 0d00 02000080 00000000 00 0801" + wlan + data + "0800")},
        {"AVS", L::ieee80211_avs, hex("80211001 0000000c 00000000 0801" + wlan + data + "0800")},
        {"AVS as Prism", L::prism, hex("80211001 0000000c 00000000 0801" + wlan + data + "0800")},
        {"Prism", L::prism,
         hex("44000000 90000000") + Bytes(136) + hex("0801" + wlan + data + "0800")},
        {"PPI", L::ppi, hex("00 00 0800 01000000 " + mac4)},
        {"PPI 802.11", L::ppi, hex("00 00 0c00 69000000 00000000 0801" + wlan + data + "0800")},
        {"IPv4 in IPv4", L::ethernet, hex(mac4 + outer4("04")), false, 1},
        {"6in4", L::ethernet, hex(mac4 + outer4("29")), true, 1},
        {"IPv4 in IPv6", L::ethernet, hex(macs + "86dd" + outer6), false, 1},
        {"GRE", L::ethernet, hex(mac4 + outer4("2f") + "0000 0800"), false, 1},
        {"GRE key sequence checksum", L::ethernet,
         hex(mac4 + outer4("2f") + "b000 86dd 00000000 00000001 00000002"), true, 1},
        {"GRE Ethernet", L::ethernet, hex(mac4 + outer4("2f") + "0000 6558 " + mac4), false, 1},
        {"GRE PPTP", L::ethernet,
         hex(mac4 + outer4("2f") + "3081 880b 00310001 00000001 00000001 ff03 0021"), false, 1},
        {"GRE in GRE", L::ethernet,
         hex(mac4 + outer4("2f") + "0000 0800" + outer4("2f") + "0000 0800"), false, 2},
        {"ERSPAN I", L::ethernet, hex(mac4 + outer4("2f") + "0000 88be " + mac4), false, 1},
        {"ERSPAN II", L::ethernet,
         hex(mac4 + outer4("2f") + "1000 88be 00000001 1001000000000000 " + mac4), false, 1},
        {"AH", L::ethernet,
         hex(mac4 + outer4("33") + "04 04 0000 00000001 00000001 000000000000000000000000"), false,
         1},
        {"MPLS in IP", L::ethernet, hex(mac4 + outer4("89") + "00011140"), false, 1},
        {"VXLAN", L::ethernet,
         hex(mac4 + outer4("11") + "c000 12b5 0100 0000 08000000 00007b00 " + mac4), false, 1, 42},
        {"VXLAN of Linux, group policy", L::ethernet,
         hex(mac4 + outer4("11") + "c000 2118 0100 0000 88000001 00007b00 " + macs + "86dd"), true,
         1, 42},
        {"GENEVE", L::ethernet,
         hex(mac4 + outer4("11") + "c000 17c1 0100 0000 00006558 00007b00 " + mac4), false, 1, 42},
        {"GENEVE option IPv4", L::ethernet,
         hex(mac4 + outer4("11") + "c000 17c1 0100 0000 02000800 00007b00 0102000100000000"), false,
         1, 42},
        {"GTP-U", L::ethernet, hex(mac4 + outer4("11") + "0868 0868 0100 0000 30ff 00f0 00000001"),
         false, 1, 42},
        {"GTP-U extension IPv6", L::ethernet,
         hex(mac4 + outer4("11") + "0868 0868 0100 0000 34ff 00f0 00000001 00000085 01100900"),
         true, 1, 42},
        {"Teredo", L::ethernet, hex(mac4 + outer4("11") + "c000 0dd8 0100 0000"), true, 1, 42},
        {"Teredo indications", L::ethernet,
         hex(mac4 + outer4("11") +
             "0dd8 c000 0100 0000 00010000 0000000000000001 00 0000 1234 c0000201"),
         true, 1, 42},
        {"GTP-U in VXLAN", L::ethernet,
         hex(mac4 + outer4("11") + "c000 12b5 0100 0000 08000000 00007b00 " + mac4 + outer4("11") +
             "0868 0868 0100 0000 30ff 00f0 00000001"),
         false, 2, 42},
    };
}

inline packet::Frame frame_of(Bytes const& bytes, packet::LinkType link) {
    return {bytes, static_cast<std::uint32_t>(bytes.size()), link, 0};
}

/// nullopt when the frame was kept.
inline std::optional<packet::Drop> drop_of(Bytes const& bytes,
                                           packet::LinkType link = packet::LinkType::ethernet) {
    auto const result = packet::decode(frame_of(bytes, link));
    if (auto const* drop = std::get_if<packet::Drop>(&result)) return *drop;
    return std::nullopt;
}

}  // namespace tessera::test
