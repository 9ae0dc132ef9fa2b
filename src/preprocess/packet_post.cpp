#include "packet_post.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <span>

#include <tessera/flow/flow.hpp>

namespace tessera::preprocess {

namespace {

// In place of a part:
constexpr std::uint32_t end_of_chunk = 0xffff'ffffU;
constexpr std::uint32_t to_all = 0xffff'fffeU;  // a fragment: its whole frame is kept

/// What a packet needs on its way to another rank, its kept bytes after it.
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

/// The bytes by which the message grew.
std::size_t append(std::vector<std::byte>& message, Letter const& letter, base::ByteSpan kept) {
    auto const head = std::as_bytes(std::span(&letter, 1));
    message.insert(message.end(), head.begin(), head.end());
    message.insert(message.end(), kept.begin(), kept.end());
    return head.size() + kept.size();
}

Letter letter_of(packet::Packet const& packet, std::uint32_t part, std::size_t kept) {
    return {.time = packet.time,
            .source = packet.source,
            .destination = packet.destination,
            .wire_length = packet.wire_length,
            .payload_length = packet.payload_length,
            .part = part,
            .kept = static_cast<std::uint32_t>(kept),
            .link = packet.link,
            .protocol = packet.protocol,
            .tcp_flags = packet.tcp_flags};
}

Letter letter_of(packet::Frame const& fragment) {
    Letter letter{};
    letter.time = fragment.time;
    letter.wire_length = fragment.wire_length;
    letter.part = to_all;
    letter.kept = static_cast<std::uint32_t>(fragment.bytes.size());
    letter.link = fragment.link;
    return letter;
}

void set(packet::Packet& packet, Letter const& letter) {
    packet.time = letter.time;
    packet.source = letter.source;
    packet.destination = letter.destination;
    packet.wire_length = letter.wire_length;
    packet.payload_length = letter.payload_length;
    packet.protocol = letter.protocol;
    packet.tcp_flags = letter.tcp_flags;
}

}  // namespace

PacketPost::PacketPost(PreprocessConfig const& config, std::string_view capture,
                       std::uint32_t parts, int ranks, Owner const& owner)
    : intake_(config), parts_(parts), messages_(static_cast<std::size_t>(ranks)) {
    intake_.begin_capture(capture);
    for (std::uint32_t part = 0; part < parts; ++part) {
        owners_.push_back(static_cast<std::size_t>(owner(part)));
    }
}

void PacketPost::take(packet::Frame const& frame) {
    auto const held = intake_.look_at(frame);
    if (held == Held::fragment) {
        for (auto& message : messages_) bytes_ += append(message, letter_of(frame), frame.bytes);
    }
    if (held != Held::packet) return;
    auto const part = flow::part_of(intake_.packet, parts_);
    auto const kept = intake_.cut();
    bytes_ += append(messages_[owners_[part]], letter_of(intake_.packet, part, kept.size()), kept);
}

void PacketPost::end_chunk() {
    Letter mark{};
    mark.part = end_of_chunk;
    for (auto& message : messages_) bytes_ += append(message, mark, {});
}

PacketPost::Place PacketPost::place() const {
    Place place{{}, intake_.counts};
    for (auto const& message : messages_) place.sizes.push_back(message.size());
    return place;
}

void PacketPost::back_to(Place const& place) {
    for (std::size_t i = 0; i < messages_.size(); ++i) messages_[i].resize(place.sizes[i]);
    bytes_ = std::accumulate(place.sizes.begin(), place.sizes.end(), std::uint64_t{0});
    intake_.counts = place.counts;
}

void PacketPost::send(comm::Communicator const& comm, comm::Messages& received) {
    comm::all_to_all(comm, messages_, received);
    for (auto& message : messages_) message.clear();
    bytes_ = 0;
}

void for_each_letter(comm::Messages const& received, UsePacket const& use_packet,
                     UseFragment const& use_fragment) {
    std::vector<base::ByteSpan> rest(received.begin(), received.end());
    packet::Packet packet;
    auto const take_chunk = [&](base::ByteSpan& message) {
        while (!message.empty()) {
            Letter letter;
            std::memcpy(&letter, message.data(), sizeof letter);
            auto const kept = message.subspan(sizeof letter, letter.kept);
            message = message.subspan(sizeof letter + letter.kept);
            if (letter.part == end_of_chunk) return;
            if (letter.part == to_all) {
                use_fragment({kept, letter.wire_length, letter.link, letter.time});
                continue;
            }
            set(packet, letter);
            use_packet(letter.part, packet, kept);
        }
    };
    auto const is_empty = [](base::ByteSpan message) { return message.empty(); };
    while (!std::all_of(rest.begin(), rest.end(), is_empty)) {
        for (auto& message : rest) take_chunk(message);
    }
}

}  // namespace tessera::preprocess
