#include "made_flows.hpp"

#include <gtest/gtest.h>
#include <scratch.hpp>

#include <tessera/dataset/audit.hpp>
#include <tessera/evaluate/duplicates.hpp>

namespace tessera::evaluate {
namespace {

/// Flows of seven packets. The first six say the same in all flows, as polls do; the last one
/// says which flow it is.
test::MadeUnit polls() {
    test::MadeUnit unit;
    for (std::uint32_t run = 0; run < 3; ++run) {
        unit.captures.push_back("run" + std::to_string(run) + "/a.pcap");
        for (std::uint8_t i = 0; i < 10; ++i) {
            auto flow =
                test::flow_between(test::endpoint_v4(1, 5000 + i), test::endpoint_v4(2, 502));
            for (int packet = 0; packet < 6; ++packet) {
                test::add_packet(flow, flow::Direction::forward, packet, {1, 2, 3}, 60);
            }
            test::add_packet(flow, flow::Direction::forward, 6,
                             {9, static_cast<std::uint8_t>(run), i}, 60);
            unit.flows.push_back({flow, run, {i < 8 ? 0 : 1}});
        }
    }
    return unit;
}

class DuplicatesTest : public testing::Test {
  protected:
    DuplicatesTest()
        : store_((test::write_store(base::local_files(), scratch_.path(), {polls()},
                                    test::three_classes()),
                  dataset::open_store(scratch_.path()))),
          split_(dataset::make_split(store_, by_run())) {}

    static dataset::SplitConfig by_run() {
        dataset::SplitConfig config;
        config.by = "folder";
        return config;
    }

    /// Of a model that reads so many packets.
    InputHash first(std::uint64_t packets) const {
        return [this, packets](std::uint64_t flow) -> std::optional<std::uint64_t> {
            auto const view = store_.flow(flow);
            auto const length = store_.packet(view.first_packet).tokens.size() * packets;
            return dataset::token_hash(view.tokens.first(length));
        };
    }

    test::Scratch scratch_;
    dataset::Store store_;
    dataset::Split split_;
};

TEST_F(DuplicatesTest, GoByWhatTheModelReads) {
    auto const of_five = duplicates(store_, split_, 0, first(5));
    EXPECT_EQ(of_five.test_flows, 10U);
    ASSERT_TRUE(of_five.input.has_value());
    EXPECT_EQ(of_five.input->flows, 10U);
    EXPECT_EQ(of_five.input->of_another_class, 0U) << "both classes were learnt for it";
    EXPECT_EQ(of_five.known.size(), 10U);
    EXPECT_EQ(of_five.tokens.flows, 0U) << "whole flows differ";
    auto const of_all = duplicates(store_, split_, 0, first(7));
    EXPECT_EQ(of_all.input->flows, 0U);
    EXPECT_TRUE(of_all.known.empty());
}

TEST_F(DuplicatesTest, GoByWholeFlowsWithoutAModel) {
    auto const found = duplicates(store_, split_, 0);
    EXPECT_FALSE(found.input.has_value());
    EXPECT_EQ(found.tokens.flows, 0U);
    EXPECT_EQ(found.sizes.flows, 10U);
    EXPECT_TRUE(found.known.empty());
}

}  // namespace
}  // namespace tessera::evaluate
