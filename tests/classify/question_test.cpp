#include "question.hpp"

#include "made_flows.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tessera::classify {
namespace {

using testing::ElementsAre;

token::Tokenizer bigrams() {
    return token::Tokenizer(token::TokenConfig{});
}

/// Forward 3 bytes, backward no bytes, backward 2 bytes.
flow::Flow three_packets() {
    auto flow = test::flow_between(test::endpoint_v4(9, 5000), test::endpoint_v4(2, 53));
    test::add_packet(flow, flow::Direction::forward, 100, {1, 2, 3}, 60);
    test::add_packet(flow, flow::Direction::backward, 200, {}, 60);
    test::add_packet(flow, flow::Direction::backward, 300, {4, 5}, 60);
    return flow;
}

TEST(Question, FlowLevelAsksOnceAboutTheFirstPackets) {
    batch::ClassifierDataConfig config;
    auto const questions = questions_of(three_packets(), "a.pcap", bigrams(), config);
    ASSERT_EQ(questions.size(), 1U);
    auto const& answer = questions[0].answer;
    EXPECT_EQ(answer.capture, "a.pcap");
    EXPECT_EQ(answer.source, test::endpoint_v4(9, 5000));
    EXPECT_EQ(answer.destination, test::endpoint_v4(2, 53));
    EXPECT_EQ(answer.first_seen, 100);
    EXPECT_EQ(answer.packets, 3U);
    // [CLS] 0102 0203 [SEP] [SEP] 0405 [SEP], each bigram moved up by the five special ids.
    EXPECT_THAT(questions[0].sample.ids,
                ElementsAre(1, 0x0102 + 5, 0x0203 + 5, 2, 2, 0x0405 + 5, 2));

    config.packets = 1;
    EXPECT_THAT(questions_of(three_packets(), "a.pcap", bigrams(), config)[0].sample.ids,
                ElementsAre(1, 0x0102 + 5, 0x0203 + 5, 2));
}

TEST(Question, PacketLevelAsksAboutEachPacketWithTokens) {
    batch::ClassifierDataConfig config;
    config.level = "packet";
    auto const questions = questions_of(three_packets(), "a.pcap", bigrams(), config);
    ASSERT_EQ(questions.size(), 2U);
    EXPECT_EQ(questions[1].answer.first_seen, 300);
    EXPECT_EQ(questions[1].answer.packets, 1U);
    EXPECT_EQ(questions[1].answer.source, test::endpoint_v4(2, 53));
    EXPECT_THAT(questions[1].sample.ids, ElementsAre(1, 0x0405 + 5, 2));

    config.packets_per_flow = 2;
    EXPECT_EQ(questions_of(three_packets(), "a.pcap", bigrams(), config).size(), 1U);
}

TEST(Question, SaysNothingAboutAFlowWithoutTokens) {
    auto flow = test::flow_between(test::endpoint_v4(1, 1), test::endpoint_v4(2, 2));
    test::add_packet(flow, flow::Direction::forward, 1, {7}, 60);
    EXPECT_TRUE(questions_of(flow, "a.pcap", bigrams(), {}).empty());
}

}  // namespace
}  // namespace tessera::classify
