#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tessera/base/error.hpp>
#include <tessera/baseline/controls.hpp>

namespace tessera::baseline {
namespace {

using testing::ElementsAre;

Example item(std::uint64_t flow, std::int32_t label, std::uint16_t port, std::uint8_t host,
             packet::Protocol protocol = packet::Protocol::tcp) {
    Example example{flow, 0, label, protocol, {}};
    example.responder.port = port;
    example.responder.address.bytes[15] = host;
    return example;
}

/// Class 0 (commonest) on tcp 443 and 993, class 1 on tcp 22, class 2 on udp 443.
Examples training() {
    Examples all{{"web", "ssh", "quic"}, {"a.pcap"}, {}, 2, {}};
    all.items = {item(0, 0, 443, 1), item(1, 0, 443, 1), item(2, 0, 993, 2),
                 item(3, 1, 22, 3),  item(4, 1, 22, 3),  item(5, 2, 443, 3, packet::Protocol::udp)};
    all.sizes = {500, -1500, 510, -1400, 400, -1300, 60, -80, 70, -90, 1200, -1200};
    return all;
}

Examples testing_fold() {
    Examples all{{"web", "ssh", "quic"}, {"a.pcap"}, {}, 2, {}};
    all.items = {item(10, 2, 443, 9, packet::Protocol::udp), item(11, 1, 22, 9),
                 item(12, 0, 8443, 3)};
    all.sizes = {1190, -1210, 65, -85, 505, -1450};
    return all;
}

TEST(Controls, EachKnowsItsOwnField) {
    auto const controls = run_controls(training(), testing_fold(), {1, 2, 100, 1});
    ASSERT_EQ(controls.size(), 4U);
    EXPECT_EQ(controls[0].name, "majority");
    EXPECT_THAT(controls[0].predictions.predicted, ElementsAre(0, 0, 0));
    EXPECT_EQ(controls[1].name, "port_lookup");
    EXPECT_THAT(controls[1].predictions.predicted, ElementsAre(2, 1, 0));
    EXPECT_EQ(controls[2].name, "server_lookup");
    EXPECT_THAT(controls[2].predictions.predicted, ElementsAre(0, 0, 1)) << "host 3 is ssh mostly";
    EXPECT_EQ(controls[3].name, "knn_sizes");
    EXPECT_THAT(controls[3].predictions.predicted, ElementsAre(2, 1, 0));
    for (auto const& control : controls) {
        EXPECT_THAT(control.predictions.flow, ElementsAre(10, 11, 12));
        EXPECT_THAT(control.predictions.labels, ElementsAre(2, 1, 0));
        EXPECT_NO_THROW(check(control.predictions));
    }
}

TEST(Controls, KeepNoMoreReferencesThanAsked) {
    auto const controls = run_controls(training(), testing_fold(), {1, 2, 1, 1});
    auto const& predicted = controls[3].predictions.predicted;
    EXPECT_EQ(predicted[0], predicted[1]) << "with one reference all answers are its label";
    EXPECT_EQ(predicted[1], predicted[2]);
}

TEST(Controls, RefuseAnEmptyTrainFold) {
    auto train = training();
    train.items.clear();
    EXPECT_THROW(run_controls(train, testing_fold(), {}), base::Error);
}

TEST(Controls, AreSaidAgainForEveryPacket) {
    auto const flows = run_controls(training(), testing_fold(), {1, 2, 100, 1})[1].predictions;
    auto packets = flows;
    packets.flow = {12, 10, 12};
    packets.labels = {0, 2, 0};
    auto const spread = for_items(flows, packets);
    EXPECT_THAT(spread.flow, ElementsAre(12, 10, 12));
    EXPECT_THAT(spread.predicted, ElementsAre(0, 2, 0));
    packets.flow[0] = 99;
    EXPECT_THROW(for_items(flows, packets), base::Error);
}

}  // namespace
}  // namespace tessera::baseline
