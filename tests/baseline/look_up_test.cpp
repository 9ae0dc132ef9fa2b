#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tessera/baseline/look_up.hpp>

namespace tessera::baseline {
namespace {

using testing::ElementsAre;

TEST(LookUp, GivesTheSharesOfAKeyAndFallsBackToAll) {
    LookUp table(3);
    for (auto const label : {0, 0, 0, 2}) table.add("tcp 443", label);
    for (auto const label : {1, 1, 1, 1, 1}) table.add("udp 53", label);
    EXPECT_THAT(table.shares("tcp 443"), ElementsAre(0.75F, 0.0F, 0.25F));
    EXPECT_THAT(table.shares("udp 53"), ElementsAre(0.0F, 1.0F, 0.0F));
    EXPECT_THAT(table.shares("tcp 22"), ElementsAre(3 / 9.0F, 5 / 9.0F, 1 / 9.0F));
    EXPECT_EQ(table.keys(), 2U);
}

TEST(LookUp, WithoutTrainingSaysNothing) {
    EXPECT_THAT(LookUp(2).shares("any"), ElementsAre(0.0F, 0.0F));
}

}  // namespace
}  // namespace tessera::baseline
