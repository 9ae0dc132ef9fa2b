#include "predictions_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tessera/evaluate/votes.hpp>

namespace tessera::evaluate {
namespace {

TEST(Votes, TakeTheMajorityOfEachFlowAndTheLowerClassOnATie) {
    auto packets = test::decided(3, {2, 1, 2, 1, 2, 1}, {2, 0, 2, 1, 1, 0});
    packets.flow = {9, 4, 9, 4, 9, 7};
    auto const flows = votes(packets);
    EXPECT_THAT(flows.flow, testing::ElementsAre(4, 7, 9));
    EXPECT_THAT(flows.labels, testing::ElementsAre(1, 1, 2));
    EXPECT_THAT(flows.predicted, testing::ElementsAre(0, 0, 2));
    EXPECT_THAT(std::vector<float>(flows.row(0).begin(), flows.row(0).end()),
                testing::ElementsAre(0.5F, 0.5F, 0));
    EXPECT_FLOAT_EQ(flows.row(2)[2], 2.0F / 3);
    EXPECT_TRUE(has_several_items_a_flow(packets));
    EXPECT_FALSE(has_several_items_a_flow(flows));
}

}  // namespace
}  // namespace tessera::evaluate
