#include "made_flows.hpp"

#include <gtest/gtest.h>
#include <scratch.hpp>

#include <tessera/base/error.hpp>
#include <tessera/baseline/flow_features.hpp>

namespace tessera::baseline {
namespace {

class FlowFeatures : public testing::Test {
  protected:
    FlowFeatures() {
        auto flow = test::example_flow();  // 43 bytes at 1 s, 44 bytes back at 2 s
        test::add_packet(flow, flow::Direction::forward, 2'500'000'000, {1, 2}, 100);
        flow.packets.back().tcp_flags = packet::tcp_flag::syn | packet::tcp_flag::ack;
        test::write_store(base::local_files(), scratch_.path(), {{{"a.pcap"}, {{flow, 0, {}}}}},
                          {});
        auto const store = dataset::open_store(scratch_.path());
        columns_ = feature_columns(4);
        values_ = flow_features(store, store.flow(0), 4);
    }

    float value(std::string const& name) const {
        for (std::size_t i = 0; i < columns_.names.size(); ++i) {
            if (columns_.names[i] == name) return values_.at(i);
        }
        throw std::out_of_range(name);
    }

    test::Scratch scratch_;
    FeatureColumns columns_;
    std::vector<float> values_;
};

TEST_F(FlowFeatures, HoldWhatTheirNamesSay) {
    ASSERT_EQ(values_.size(), columns_.width());
    EXPECT_EQ(value("udp"), 1);
    EXPECT_FLOAT_EQ(value("duration"), 1.5F);
    EXPECT_EQ(value("forward packets"), 2);
    EXPECT_EQ(value("forward bytes"), 143);
    EXPECT_EQ(value("forward size mean"), 71.5F);
    EXPECT_EQ(value("forward size deviation"), 28.5F);
    EXPECT_EQ(value("backward size least"), 44);
    EXPECT_EQ(value("backward payload most"), 2);
    EXPECT_FLOAT_EQ(value("gap mean"), 0.75F);
    EXPECT_FLOAT_EQ(value("gap least"), 0.5F);
    EXPECT_EQ(value("syn packets"), 1);
    EXPECT_EQ(value("fin packets"), 0);
    EXPECT_EQ(value("packet 2 size"), -44);
    EXPECT_EQ(value("packet 2 payload"), -2);
    EXPECT_FLOAT_EQ(value("packet 3 gap"), 0.5F);
    EXPECT_EQ(value("packet 3 flags"), 0x12);
    EXPECT_EQ(value("packet 4 size"), 0) << "a flow of three packets is filled up";
    EXPECT_EQ(value("initiator byte 15"), 1);
    EXPECT_EQ(value("responder byte 12"), 10);
    EXPECT_EQ(value("responder port"), 53);
}

TEST_F(FlowFeatures, PutNamesOfHostsLast) {
    for (std::size_t i = 0; i < columns_.width(); ++i) {
        auto const& name = columns_.names[i];
        auto const names_a_host = name.starts_with("initiator") || name.starts_with("responder");
        EXPECT_EQ(names_a_host, i >= columns_.plain) << name;
    }
}

}  // namespace
}  // namespace tessera::baseline
