#include "packet_post.hpp"

#include "letter.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <span>

#include <tessera/flow/flow.hpp>

namespace tessera::preprocess {

namespace {

/// The bytes by which the message grew.
std::size_t append(std::vector<std::byte>& message, Letter const& letter, base::ByteSpan kept) {
    auto const head = std::as_bytes(std::span(&letter, 1));
    message.insert(message.end(), head.begin(), head.end());
    message.insert(message.end(), kept.begin(), kept.end());
    return head.size() + kept.size();
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
    bytes_ += append(messages_[owners_[part]], letter_of(intake_.packet, part, kept), kept);
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
                use_fragment(fragment_in(letter, kept));
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
