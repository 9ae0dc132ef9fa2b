#include "question.hpp"

#include <algorithm>

namespace tessera::classify {

namespace {

/// The first packets of a flow, with tokens in memory of their own.
struct FlowTokens {
    std::vector<std::vector<token::TokenId>> of_packet;
    std::vector<batch::SamplePacket> packets;  // views of the former
};

/// Of the first `most_packets` packets; those behind the first `with_tokens` have none.
FlowTokens tokens_of(flow::Flow const& flow, token::Tokenizer const& tokenizer,
                     std::int64_t most_packets, std::int64_t with_tokens) {
    FlowTokens tokens;
    auto const count = std::min(flow.packets.size(), static_cast<std::size_t>(most_packets));
    tokens.of_packet.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
        auto const& packet = flow.packets[i];
        if (static_cast<std::int64_t>(i) < with_tokens) {
            tokenizer.append(flow.bytes_of(packet), tokens.of_packet[i]);
        }
        tokens.packets.push_back({tokens.of_packet[i], static_cast<std::uint8_t>(packet.direction),
                                  packet.payload_length, packet.tcp_flags, packet.time});
    }
    return tokens;
}

Answer answer_for(flow::Flow const& flow, std::string const& capture) {
    return {capture,
            flow.key.protocol,
            flow.initiator(),
            flow.responder(),
            flow.packets.front().time,
            flow.packets.back().time,
            flow.packets.size(),
            {},
            0};
}

Answer answer_for(flow::Flow const& flow, flow::FlowPacket const& packet,
                  std::string const& capture) {
    auto answer = answer_for(flow, capture);
    answer.first_seen = packet.time;
    answer.last_seen = packet.time;
    answer.packets = 1;
    if (packet.direction == flow::Direction::backward) std::swap(answer.source, answer.destination);
    return answer;
}

bool has_tokens(flow::Flow const& flow, token::Tokenizer const& tokenizer) {
    std::vector<token::TokenId> tokens;
    return std::any_of(flow.packets.begin(), flow.packets.end(), [&](auto const& packet) {
        tokenizer.append(flow.bytes_of(packet), tokens);
        return !tokens.empty();
    });
}

}  // namespace

std::vector<Question> questions_of(flow::Flow const& flow, std::string const& capture,
                                   token::Tokenizer const& tokenizer,
                                   batch::ClassifierDataConfig const& config) {
    std::vector<Question> questions;
    if (config.level == "flow") {
        if (!has_tokens(flow, tokenizer)) return questions;
        auto const tokens = tokens_of(flow, tokenizer, packets_read(config), config.packets);
        questions.push_back(
            {answer_for(flow, capture), batch::make_classifier_sample(tokens.packets, config)});
        return questions;
    }
    auto const tokens =
        tokens_of(flow, tokenizer, config.packets_per_flow, config.packets_per_flow);
    for (std::size_t i = 0; i < tokens.packets.size(); ++i) {
        if (tokens.packets[i].tokens.empty()) continue;
        questions.push_back(
            {answer_for(flow, flow.packets[i], capture),
             batch::make_classifier_sample(std::span(tokens.packets).subspan(i, 1), config)});
    }
    return questions;
}

}  // namespace tessera::classify
