#pragma once

#include <cstdint>

#include <tessera/base/bytes.hpp>
#include <tessera/base/time.hpp>
#include <tessera/packet/frame.hpp>
#include <tessera/packet/packet.hpp>

namespace tessera::preprocess {

/// What a packet, or a fragment, needs on its way to another rank, its kept bytes after it. With
/// them it takes up to three times the bytes of its record in the capture.
struct Letter {
    base::Nanoseconds time;
    packet::Endpoint source;
    packet::Endpoint destination;
    std::uint32_t wire_length;
    std::uint32_t payload_length;
    std::uint32_t part;
    std::uint32_t kept;
    packet::LinkType link;
    packet::Protocol protocol;
    std::uint8_t tcp_flags;
};

// In place of a part:
inline constexpr std::uint32_t end_of_chunk = 0xffff'ffffU;
inline constexpr std::uint32_t to_all = 0xffff'fffeU;  // a fragment: its whole frame is kept

inline Letter letter_of(packet::Packet const& packet, std::uint32_t part, base::ByteSpan kept) {
    return {.time = packet.time,
            .source = packet.source,
            .destination = packet.destination,
            .wire_length = packet.wire_length,
            .payload_length = packet.payload_length,
            .part = part,
            .kept = static_cast<std::uint32_t>(kept.size()),
            .link = packet.link,
            .protocol = packet.protocol,
            .tcp_flags = packet.tcp_flags};
}

inline Letter letter_of(packet::Frame const& fragment) {
    Letter letter{};
    letter.time = fragment.time;
    letter.wire_length = fragment.wire_length;
    letter.part = to_all;
    letter.kept = static_cast<std::uint32_t>(fragment.bytes.size());
    letter.link = fragment.link;
    return letter;
}

/// The fragment that a letter to all carries.
inline packet::Frame fragment_in(Letter const& letter, base::ByteSpan kept) {
    return {kept, letter.wire_length, letter.link, letter.time};
}

/// Makes `packet` what it was where the letter was written, as far as a letter tells.
inline void set(packet::Packet& packet, Letter const& letter) {
    packet.time = letter.time;
    packet.source = letter.source;
    packet.destination = letter.destination;
    packet.wire_length = letter.wire_length;
    packet.payload_length = letter.payload_length;
    packet.protocol = letter.protocol;
    packet.tcp_flags = letter.tcp_flags;
}

}  // namespace tessera::preprocess
