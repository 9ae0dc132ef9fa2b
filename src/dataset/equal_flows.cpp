#include "equal_flows.hpp"

#include <algorithm>
#include <span>

#include <tessera/base/hash.hpp>

namespace tessera::dataset {

namespace {

template <class Value>
void append(std::string& image, Value const& value) {
    image.append(reinterpret_cast<char const*>(&value), sizeof value);
}

void append(std::string& image, packet::Endpoint const& end) {
    image.append(end.address.bytes.begin(), end.address.bytes.end());
    append(image, end.port);
}

void append_tokens(std::string& image, std::span<token::TokenId const> tokens) {
    auto const bytes = std::as_bytes(tokens);
    image.append(reinterpret_cast<char const*>(bytes.data()), bytes.size());
}

void append_packet(std::string& image, PacketView const& packet) {
    append(image, packet.direction);
    append(image, packet.wire_length);
    append(image, packet.payload_length);
    append(image, packet.tcp_flags);
    append(image, packet.tokens.size());
    append_tokens(image, packet.tokens);
}

}  // namespace

std::string EqualFlows::image(std::uint64_t flow) const {
    constexpr std::uint64_t longest = 30;  // packets of a sequence
    auto const view = store_.flow(flow);
    std::string image;
    if (alike_ == Alike::input) append_tokens(image, view.tokens);
    if (alike_ == Alike::bytes) {
        append(image, view.protocol);
        append(image, view.initiator);
        append(image, view.responder);
        for (std::uint64_t i = 0; i < view.packets; ++i) {
            append_packet(image, store_.packet(view.first_packet + i));
        }
    }
    if (alike_ == Alike::sequence) {
        for (std::uint64_t i = 0; i < std::min(view.packets, longest); ++i) {
            auto const packet = store_.packet(view.first_packet + i);
            append(image, packet.direction);
            append(image, packet.wire_length);
        }
    }
    return image;
}

std::optional<std::uint64_t> EqualFlows::add(std::uint64_t flow) {
    auto const own = image(flow);
    if (own.empty()) return std::nullopt;
    auto const hash = base::hash64(std::as_bytes(std::span(own)), 0);
    if (!sample_.holds(hash)) return std::nullopt;
    auto const [begin, end] = firsts_.equal_range(hash);
    for (auto at = begin; at != end; ++at) {
        if (image(at->second) == own) return at->second;
    }
    firsts_.emplace(hash, flow);
    return flow;
}

}  // namespace tessera::dataset
