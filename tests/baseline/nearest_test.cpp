#include <algorithm>
#include <array>
#include <cstdlib>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tessera/base/random.hpp>
#include <tessera/baseline/nearest.hpp>

namespace tessera::baseline {
namespace {

using testing::ElementsAre;

TEST(NearestNeighbours, VoteByDistance) {
    NearestNeighbours model(3, 2, 3);
    model.add(std::array{0, 0}, 0);
    model.add(std::array{10, 10}, 1);
    model.add(std::array{11, 10}, 1);
    model.add(std::array{-40, 0}, 2);
    EXPECT_THAT(model.shares(std::array{9, 9}), ElementsAre(1 / 3.0F, 2 / 3.0F, 0.0F));
}

TEST(NearestNeighbours, TiesShareTheVotesThatAreLeft) {
    NearestNeighbours one(2, 1, 1);
    one.add(std::array{5}, 1);
    one.add(std::array{3}, 0);
    EXPECT_THAT(one.shares(std::array{4}), ElementsAre(0.5F, 0.5F));
    NearestNeighbours three(3, 1, 3);
    three.add(std::array{4}, 2);
    for (auto const label : {0, 0, 0, 1}) three.add(std::array{6}, label);
    EXPECT_THAT(three.shares(std::array{4}), ElementsAre(0.5F, 0.5F / 3, 1.0F / 3));
}

TEST(NearestNeighbours, AskAllWhenThereAreFew) {
    NearestNeighbours model(2, 1, 5);
    EXPECT_THAT(model.shares(std::array{4}), ElementsAre(0.0F, 0.0F));
    model.add(std::array{5}, 1);
    EXPECT_THAT(model.shares(std::array{4}), ElementsAre(0.0F, 1.0F));
}

TEST(NearestNeighbours, EqualASortOfAllDistances) {
    base::RandomStream random(1, base::Purpose::test, 0, 0);
    auto const draw = [&] {
        std::array<std::int32_t, 4> row{};
        for (auto& value : row) value = static_cast<std::int32_t>(random.below(3000)) - 1500;
        return row;
    };
    NearestNeighbours model(4, 4, 7);
    std::vector<std::pair<std::array<std::int32_t, 4>, std::int32_t>> rows;
    for (int i = 0; i < 300; ++i) {
        rows.emplace_back(draw(), static_cast<std::int32_t>(random.below(4)));
        model.add(rows.back().first, rows.back().second);
    }
    for (int query = 0; query < 20; ++query) {
        auto const asked = draw();
        auto const far = [&](auto const& row) {
            return std::abs(row[0] - asked[0]) + std::abs(row[1] - asked[1]) +
                   std::abs(row[2] - asked[2]) + std::abs(row[3] - asked[3]);
        };
        auto sorted = rows;
        std::stable_sort(sorted.begin(), sorted.end(),
                         [&](auto const& a, auto const& b) { return far(a.first) < far(b.first); });
        std::vector<float> votes(4);
        for (std::size_t i = 0; i < 7; ++i) votes[static_cast<std::size_t>(sorted[i].second)] += 1;
        for (auto& vote : votes) vote /= 7;
        EXPECT_EQ(model.shares(asked), votes);
    }
}

}  // namespace
}  // namespace tessera::baseline
