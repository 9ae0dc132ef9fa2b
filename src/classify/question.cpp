#include "question.hpp"

#include <algorithm>

namespace tessera::classify {

namespace {

/// Tokens of the first packets of a flow, in memory of their own.
struct FlowTokens {
    std::vector<std::vector<token::TokenId>> of_packet;
    std::vector<batch::PacketTokens> packets;  // views of the former
};

FlowTokens tokens_of(flow::Flow const& flow, token::Tokenizer const& tokenizer,
                     std::size_t most_packets) {
    FlowTokens tokens;
    auto const count = std::min(flow.packets.size(), most_packets);
    tokens.of_packet.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
        tokenizer.append(flow.bytes_of(flow.packets[i]), tokens.of_packet[i]);
        tokens.packets.push_back(
            {tokens.of_packet[i], static_cast<std::uint8_t>(flow.packets[i].direction)});
    }
    return tokens;
}

Answer answer_for(flow::Flow const& flow, std::string const& capture) {
    return {capture,
            flow.key.protocol,
            flow.initiator(),
            flow.responder(),
            flow.packets.front().time,
            flow.packets.size(),
            {},
            0};
}

Answer answer_for(flow::Flow const& flow, flow::FlowPacket const& packet,
                  std::string const& capture) {
    auto answer = answer_for(flow, capture);
    answer.first_seen = packet.time;
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
        auto const tokens = tokens_of(flow, tokenizer, static_cast<std::size_t>(config.packets));
        questions.push_back(
            {answer_for(flow, capture), batch::make_classifier_sample(tokens.packets, config)});
        return questions;
    }
    auto const tokens =
        tokens_of(flow, tokenizer, static_cast<std::size_t>(config.packets_per_flow));
    for (std::size_t i = 0; i < tokens.packets.size(); ++i) {
        if (tokens.packets[i].tokens.empty()) continue;
        questions.push_back(
            {answer_for(flow, flow.packets[i], capture),
             batch::make_classifier_sample(std::span(tokens.packets).subspan(i, 1), config)});
    }
    return questions;
}

}  // namespace tessera::classify
