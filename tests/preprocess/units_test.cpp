#include "units.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tessera/base/error.hpp>

namespace tessera::preprocess {
namespace {

using testing::ElementsAre;
using Sizes = std::vector<CaptureSize>;

TEST(UnitSize, StaysWithinItsBounds) {
    EXPECT_EQ(unit_size(0), 1U << 20U);
    EXPECT_EQ(unit_size(6'400'000'000), 100'000'000U);
    EXPECT_EQ(unit_size(10'000'000'000'000), 1U << 30U);
    EXPECT_EQ(unit_size(400'000'000'000'000), 400'000'000'000'000 / 49'999);
}

TEST(CutUnits, KeepsOrderAndCoversEveryCapture) {
    EXPECT_THAT(cut_units(Sizes{{4}, {4}, {4}, {20}, {1}}, 10),
                ElementsAre(Unit{0, 2, 8}, Unit{2, 1, 4}, Unit{3, 1, 20}, Unit{4, 1, 1}));
    EXPECT_TRUE(cut_units(Sizes{}, 10).empty());
    EXPECT_THAT(cut_units(Sizes{{0}, {0}}, 10), ElementsAre(Unit{0, 2, 0}));
}

TEST(CutUnits, GivesALargeCaptureAUnitForEachPart) {
    EXPECT_THAT(
        cut_units(Sizes{{4}, {20, 2}, {4}}, 10),
        ElementsAre(Unit{0, 1, 4}, Unit{1, 1, 10, 0, 2}, Unit{1, 1, 10, 1, 2}, Unit{2, 1, 4}));
    EXPECT_EQ(parts_of(99, 100), 1U);
    EXPECT_EQ(parts_of(100, 100), 2U);
    EXPECT_EQ(parts_of(301, 100), 4U);
    EXPECT_EQ(parts_of(401, 100), 8U);
    EXPECT_EQ(parts_of(1'000'000, 100), 16U);
    EXPECT_EQ(parts_of(1'000'000, 0), 1U);
}

TEST(CutUnits, RefusesWhatNoStoreHolds) {
    EXPECT_EQ(cut_units(Sizes(99'999, CaptureSize{10}), 10).size(), 99'999U);
    EXPECT_THROW(cut_units(Sizes(100'000, CaptureSize{10}), 10), base::Error);
    EXPECT_THROW(cut_units(Sizes(50'000, CaptureSize{10, 2}), 10), base::Error);
}

TEST(UnitsOfRank, EveryUnitHasOneRankAndLoadsAreEven) {
    std::vector<Unit> units;
    for (std::uint64_t i = 0; i < 100; ++i) units.push_back({i, 1, (i * 7919) % 1000});
    for (int const ranks : {1, 2, 3, 8}) {
        std::vector<int> times(units.size());
        std::uint64_t most = 0;
        std::uint64_t total = 0;
        for (int rank = 0; rank < ranks; ++rank) {
            std::uint64_t load = 0;
            for (auto const unit : units_of_rank(units, rank, ranks)) {
                ++times[unit];
                load += units[unit].bytes;
            }
            most = std::max(most, load);
            total += load;
        }
        EXPECT_THAT(times, testing::Each(1));
        EXPECT_LE(most * static_cast<std::uint64_t>(ranks), total * 4 / 3);
    }
}

TEST(UnitsOfRank, MoreRanksThanUnitsLeavesSomeWithNone) {
    std::vector<Unit> const units{{0, 1, 5}};
    EXPECT_THAT(units_of_rank(units, 0, 4), ElementsAre(0U));
    EXPECT_TRUE(units_of_rank(units, 3, 4).empty());
}

}  // namespace
}  // namespace tessera::preprocess
