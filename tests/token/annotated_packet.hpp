#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <packet_builder.hpp>

#include <tessera/packet/decode.hpp>
#include <tessera/token/masking.hpp>

/// Frames written out by hand in which every byte that some profile hides is named. This is what
/// the cutter is held against: it says nothing of how the fields are found.
namespace tessera::test {

/// "45 00 [i 0001]": hex bytes; those in brackets are hidden when a field named by one of the
/// letters is. F before the hex: only the low half of the (one) byte is hidden.
class AnnotatedPacket {
  public:
    AnnotatedPacket(std::string name, std::string_view text) : name_(std::move(name)) {
        std::string letters;
        for (std::size_t at = 0; at < text.size(); ++at) {
            char const c = text[at];
            if (c == ' ' || c == '\n') continue;
            if (c == '[') {
                letters.assign(text.substr(at + 1, text.find(' ', at) - at - 1));
                at += letters.size();
            } else if (c == ']') {
                letters.clear();
            } else {
                bytes_ = bytes_ + hex(text.substr(at++, 2));
                letters_.push_back(letters);
            }
        }
    }

    std::string const& name() const { return name_; }
    Bytes const& bytes() const { return bytes_; }

    /// The bits of byte `at` that the profile leaves.
    std::byte visible_bits(std::size_t at, token::MaskingProfile const& profile) const {
        bool half = false;
        bool hidden = false;
        for (char const letter : letters_[at]) {
            if (letter == 'F') {
                half = true;
            } else {
                hidden = hidden || profile.hides(field(letter));
            }
        }
        if (!hidden) return std::byte{0xff};
        return std::byte{half ? std::uint8_t{0xf0} : std::uint8_t{0}};
    }

    Bytes masked(token::MaskingProfile const& profile) const {
        auto result = bytes_;
        for (std::size_t i = 0; i < result.size(); ++i) result[i] &= visible_bits(i, profile);
        return result;
    }

  private:
    static token::Field field(char letter) {
        using enum token::Field;
        static std::map<char, token::Field> const fields = {
            {'m', link_header}, {'a', addresses},    {'p', ports},         {'i', ip_id},
            {'c', checksums},   {'s', tcp_sequence}, {'t', tcp_timestamp}, {'w', tcp_window},
            {'l', ttl},         {'d', payload}};
        return fields.at(letter);
    }

    std::string name_;
    Bytes bytes_;
    std::vector<std::string> letters_;  ///< of each byte
};

/// The decoded packet of an Ethernet frame.
inline packet::Packet decoded(Bytes const& bytes) {
    packet::Frame frame;
    frame.bytes = bytes;
    frame.wire_length = static_cast<std::uint32_t>(bytes.size());
    auto const result = packet::decode(frame);
    if (auto const* packet = std::get_if<packet::Packet>(&result)) return *packet;
    throw std::invalid_argument(packet::name(std::get<packet::Drop>(result)));
}

inline std::vector<AnnotatedPacket> annotated_packets() {
    return {
        {"IPv4 TCP",
         "[m 020000000002 020000000001 0800]"
         "45 00 0030 [i 1234] 4000 [l 40] 06 [c abcd] [a 0a000001 0a000002]"
         "[p 9c40 01bb] [s 11111111 22222222] 50 18 [w 2000] [c beef] 0000"
         "[d 16030100 a1a2a3a4]"},
        {"IPv4 UDP in VLAN",
         "[m 020000000002 020000000001 8100 0064 0800]"
         "45 10 0021 [i 7777] 0000 [l 80] 11 [c 1357] [a c0a80001 08080808]"
         "[p d431 0035] 000d [c 2468] [d 0102030405]"},
        {"IPv4 TCP with a tunnel before it",
         "[m 020000000002 020000000001 0800"
         " 45000040 00010000 4004abcd 0a000001 0a000002]"
         "45 00 002c [i 4321] 4000 [l 3f] 06 [c 1111] [a ac100001 ac100002]"
         "[p 0016 c000] [s 01020304 05060708] 50 10 [w ffff] [c 7a7a] 0000 [d 53534821]"},
        {"IPv4 TCP SYN with IP options: record route, router alert, stream id, end",
         "[m 020000000002 020000000001 0800]"
         "4b 00 0054 [i 0102] 0000 [l 40] 06 [c 9999] [a 0a000001 0a000002]"
         "07 0b 0c [a 0a0000fe 00000000]"
         "01 94 04 0000 88 04 [i 5a5a] 00 000000"
         "[p 9c40 0050] [s 0a0b0c0d 00000000] a0 02 [w faf0] [c 4444] 0000"
         "02 04 05b4 04 02 08 0a [t 01020304 00000000] 01 03 03 07"},
        {"IPv4 TCP with source route and time stamps in IP options",
         "[m 020000000002 020000000001 0800]"
         "4b 00 0040 [i 0102] 0000 [l 40] 06 [c 9999] [a 0a000001 0a000002]"
         "83 07 04 [a 0a0000fe] 01 44 0c 05 01 [a 0a000001 00112233] 00 000000"
         "[p 9c40 0050] [s 0a0b0c0d 00000001] 50 10 [w faf0] [c 4444] 0000"},
        {"IPv4 TCP with SACK, Fast Open cookie and an option that lies about its length",
         "[m 020000000002 020000000001 0800]"
         "45 00 0048 [i 0001] 4000 [l 40] 06 [c abcd] [a 0a000001 0a000002]"
         "[p 9c40 01bb] [s 11111111 22222222] c0 10 [w 2000] [c beef] 0000"
         "01 01 05 0a [s 33333333 44444444] 22 06 [a 01020304] 03 03 09 fe 28 f989 [a aabbcc]"
         "[d 7e7f 8081]"},
        {"IPv4 TCP whose time-stamp option claims one byte more than there is",
         "[m 020000000002 020000000001 0800]"
         "45 00 0036 [i 0001] 4000 [l 40] 06 [c abcd] [a 0a000001 0a000002]"
         "[p 9c40 01bb] [s 11111111 22222222] 80 10 [w 2000] [c beef] 0000"
         "01 01 08 0b [t 01020304 05060708]"
         "[d 7e7f]"},
        {"IPv4 AH TCP with MD5, TCP-AO and echo",
         "[m 020000000002 020000000001 0800]"
         "45 00 0060 [i 0001] 4000 [l 40] 33 [c abcd] [a 0a000001 0a000002]"
         "06 04 0000 [i 00000100] [s 00000007] [c a0a1a2a3a4a5a6a7a8a9aaab]"
         "[p 9c40 01bb] [s 11111111 22222222] c0 10 [w 2000] [c beef] 0000"
         "13 08 [c b0b1b2b3b4b5] 1d 06 [c c0c1c2c3] 06 06 [t d0d1d2d3] 0f 03 [c ee] 01 01 01 01 01"
         "[d 99]"},
        {"IPv4 TCP with time stamps alone",
         "[m 020000000002 020000000001 0800]"
         "45 00 0037 [i 0001] 4000 [l 40] 06 [c abcd] [a 0a000001 0a000002]"
         "[p 9c40 01bb] [s 11111111 22222222] 80 10 [w 2000] [c beef] 0000"
         "01 01 08 0a [t 01020304 05060708] [d 7e7f80]"},
        {"IPv4 TCP with time stamps alone, in another order",
         "[m 020000000002 020000000001 0800]"
         "45 00 0036 [i 0001] 4000 [l 40] 06 [c abcd] [a 0a000001 0a000002]"
         "[p 9c40 01bb] [s 11111111 22222222] 80 10 [w 2000] [c beef] 0000"
         "08 0a [t 01020304 05060708] 01 01 [d 7e7f]"},
        {"IPv6 TCP",
         "[m 020000000002 020000000001 86dd]"
         "60 [Fi a1] [i 2345] 0016 06 [l 40]"
         "[a 20010db8000000000000000000000001 20010db8000000000000000000000002]"
         "[p 9c40 01bb] [s 11111111 22222222] 50 18 [w 2000] [c beef] 0000 [d 1703]"},
        {"IPv6 TCP with time stamps alone",
         "[m 020000000002 020000000001 86dd]"
         "60 [Fi a1] [i 2345] 0023 06 [l 40]"
         "[a 20010db8000000000000000000000001 20010db8000000000000000000000002]"
         "[p 9c40 01bb] [s 11111111 22222222] 80 18 [w 2000] [c beef] 0000"
         "01 01 08 0a [t 01020304 05060708] [d 170301]"},
        {"IPv6 UDP",
         "[m 020000000002 020000000001 86dd]"
         "60 [Fi a1] [i 2345] 000c 11 [l 40]"
         "[a 20010db8000000000000000000000001 20010db8000000000000000000000002]"
         "[p d431 0035] 000c [c 2468] [d 01020304]"},
        {"IPv6 TCP with time stamps and MPTCP",
         "[m 020000000002 020000000001 86dd]"
         "60 [Fi a1] [i 2345] 002e 06 [l 40]"
         "[a 20010db8000000000000000000000001 20010db8000000000000000000000002]"
         "[p 9c40 01bb] [s 11111111 22222222] b0 18 [w 2000] [c beef] 0000"
         "01 01 08 0a [t 01020304 05060708] 1e 0c 00 [as 81f0e1d2c3b4a59687]"
         "[d 1703]"},
        {"IPv6 UDP behind hop-by-hop options, routing header and an atomic fragment",
         "[m 020000000002 020000000001 86dd]"
         "62 [Fi 3f] [i ffff] 0040 00 [l ff]"
         "[a 20010db8000000000000000000000001 20010db8000000000000000000000002]"
         "2b 00 05 02 0000 01 00"
         "2c 02 00 01 00000000 [a 20010db80000000000000000000000aa]"
         "11 00 0000 [i cafe1234]"
         "[p 14e9 14e9] 0018 [c 8765] [d 000102030405060708090a0b0c0d0e0f]"},
        {"IPv6 TCP behind destination options with a home address",
         "[m 020000000002 020000000001 86dd]"
         "60 [Fi 00] [i 0000] 0034 3c [l 40]"
         "[a 20010db8000000000000000000000001 20010db8000000000000000000000002]"
         "06 02 01 02 0000 c9 10 [a 20010db80000000000000000000000bb]"
         "[p 9c40 01bb] [s 11111111 22222222] 50 10 [w 2000] [c beef] 0000"
         "[d ffeeddccbbaa9988]"},
    };
}

}  // namespace tessera::test
