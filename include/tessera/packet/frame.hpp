#pragma once

#include <cstdint>

#include <tessera/base/bytes.hpp>
#include <tessera/base/time.hpp>

namespace tessera::packet {

/// How a frame begins: a LINKTYPE number of the tcpdump.org registry, as capture files carry it.
enum class LinkType : std::uint16_t {
    null_loopback = 0,
    ethernet = 1,
    ppp = 9,
    raw_ip_bsd = 12,
    raw_ip_openbsd = 14,
    ppp_hdlc = 50,
    ppp_ether = 51,
    raw_ip = 101,
    cisco_hdlc = 104,
    ieee80211 = 105,
    loop = 108,
    linux_cooked = 113,
    prism = 119,
    radiotap = 127,
    ieee80211_avs = 163,
    ppi = 192,
    ipv4 = 228,
    ipv6 = 229,
    linux_cooked_v2 = 276,
};

/// One record of a capture: bytes as captured, not owned; valid while its reader stands on it.
struct Frame {
    base::ByteSpan bytes;           ///< captured bytes, link header first
    std::uint32_t wire_length = 0;  ///< length on the wire; more than bytes.size() if cut
    LinkType link = LinkType::ethernet;
    base::Nanoseconds time = 0;
};

}  // namespace tessera::packet
