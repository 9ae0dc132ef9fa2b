#include <gtest/gtest.h>

#include <tessera/classify/answer.hpp>

namespace tessera::classify {
namespace {

TEST(Answer, IsOneLineWithTheFieldsThatScriptsRelyOn) {
    Answer answer;
    answer.capture = "run1/\"odd\"\n.pcap";
    answer.protocol = packet::Protocol::udp;
    answer.source.address.bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1};
    answer.source.port = 40'000;
    answer.destination.address.bytes = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    answer.destination.port = 53;
    answer.first_seen = 1'700'000'000'123'456'789;
    answer.last_seen = 1'700'000'009'000'000'000;
    answer.packets = 7;
    answer.class_name = "dns";
    answer.probability = 0.98765432;
    EXPECT_EQ(to_json_line(answer),
              "{\"capture\":\"run1/\\\"odd\\\"\\n.pcap\",\"protocol\":\"udp\","
              "\"source_ip\":\"10.0.0.1\",\"source_port\":40000,"
              "\"destination_ip\":\"2001:db8::1\",\"destination_port\":53,"
              "\"first_seen_ns\":1700000000123456789,"
              "\"last_seen_ns\":1700000009000000000,\"packets\":7,\"class\":\"dns\","
              "\"probability\":0.987654}\n");
}

TEST(Answer, SurvivesANameThatIsNoUtf8) {
    Answer answer;
    answer.capture = "\xff\xfe.pcap";
    EXPECT_NO_THROW(to_json_line(answer));
}

}  // namespace
}  // namespace tessera::classify
