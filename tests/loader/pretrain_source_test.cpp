#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include <tessera/base/error.hpp>
#include <tessera/base/random.hpp>
#include <tessera/loader/pretrain_source.hpp>

namespace tessera::loader {
namespace {

class MadeUpBursts : public BurstSet {
  public:
    explicit MadeUpBursts(std::vector<std::size_t> const& sizes) {
        base::RandomStream random(2, base::Purpose::test, 0, 0);
        for (auto const size : sizes) {
            auto& burst = bursts_.emplace_back(size);
            for (auto& token : burst) token = static_cast<std::uint16_t>(random.next_u32());
        }
    }
    std::uint64_t size() const override { return bursts_.size(); }
    std::span<std::uint16_t const> tokens(std::uint64_t burst) const override {
        return bursts_[burst];
    }

  private:
    std::vector<std::vector<std::uint16_t>> bursts_;
};

/// Sizes as captures have them: many bursts of one small packet, some of up to 20 whole ones.
std::vector<std::size_t> mixed_sizes(std::size_t count) {
    base::RandomStream random(3, base::Purpose::test, 0, 1);
    std::vector<std::size_t> sizes;
    for (std::size_t i = 0; i < count; ++i) {
        auto const packets = random.below(3) == 0 ? 1 + random.below(20) : 1;
        sizes.push_back(packets * (27 + random.below(37)));
    }
    return sizes;
}

bool equal(batch::PretrainBatch const& a, batch::PretrainBatch const& b) {
    return a.tokens.equal(b.tokens) && a.segments.equal(b.segments) &&
           a.masked_positions.equal(b.masked_positions) && a.same_origin.equal(b.same_origin) &&
           a.keys == b.keys && a.samples == b.samples && a.masked_count == b.masked_count;
}

TEST(PretrainSource, ABatchIsAPureFunctionOfItsPlace) {
    MadeUpBursts const bursts(mixed_sizes(100));
    PretrainSource const source(bursts, {}, 1, Order::shuffled);
    PretrainSource const again(bursts, {}, 1, Order::shuffled);
    PretrainSource const other(bursts, {}, 2, Order::shuffled);
    EXPECT_TRUE(equal(source.batch(950, 8), again.batch(950, 8)));
    EXPECT_FALSE(equal(source.batch(950, 8), other.batch(950, 8)));
    auto const whole = source.batch(950, 8);
    auto const part = source.batch(954, 4);
    EXPECT_TRUE(whole.tokens.narrow(0, 4, 4).equal(part.tokens));
    EXPECT_EQ(part.keys, (std::vector<std::uint64_t>{954, 955, 956, 957}));
}

TEST(PretrainSource, AnEpochHoldsEachSampleOnceAndDrawsAnew) {
    MadeUpBursts const bursts(mixed_sizes(100));
    PretrainSource const source(bursts, {}, 1, Order::shuffled);
    auto const first = source.batch(0, 100);
    auto const second = source.batch(100, 100);
    EXPECT_EQ(std::set<std::uint64_t>(first.samples.begin(), first.samples.end()).size(), 100U);
    EXPECT_EQ(std::set<std::uint64_t>(second.samples.begin(), second.samples.end()).size(), 100U);
    EXPECT_NE(first.samples, second.samples);
    auto const row_of = [](batch::PretrainBatch const& batch, std::uint64_t sample) {
        auto const at = std::find(batch.samples.begin(), batch.samples.end(), sample);
        return batch.tokens[at - batch.samples.begin()];
    };
    int unchanged = 0;
    for (std::uint64_t sample = 0; sample < 100; ++sample) {
        unchanged += row_of(first, sample).equal(row_of(second, sample)) ? 1 : 0;
    }
    EXPECT_EQ(unchanged, 0);
}

TEST(PretrainSource, PlainOrderRunsOnceThrough) {
    MadeUpBursts const bursts(mixed_sizes(10));
    PretrainSource const source(bursts, {}, 1, Order::plain);
    EXPECT_EQ(source.batch(6, 4).samples, (std::vector<std::uint64_t>{6, 7, 8, 9}));
    EXPECT_THROW(source.batch(6, 5), base::Error);
}

TEST(PretrainSource, ShortBurstsAreCountedAndLeftOut) {
    MadeUpBursts const bursts({7, 8, 100, 0, 9});
    PretrainSource const source(bursts, {}, 1, Order::plain);
    EXPECT_EQ(source.samples(), 3U);
    EXPECT_EQ(source.too_short(), 2U);
    MadeUpBursts const one({7, 100, 0});
    EXPECT_THROW(PretrainSource(one, {}, 1, Order::plain), base::Error);
}

/// The reference's builder gives away 88 % of the answers by lengths alone.
TEST(PretrainSource, LengthsSayNothingAboutTheOrigin) {
    MadeUpBursts const bursts(mixed_sizes(3000));
    PretrainSource const source(bursts, {}, 1, Order::shuffled);
    constexpr std::int64_t count = 12'000;
    std::map<std::int64_t, std::array<std::int64_t, 2>> seen;  // length -> origins
    std::int64_t right = 0;
    std::int64_t same = 0;
    auto const batch = source.batch(0, count);
    auto const* const origin = batch.same_origin.data_ptr<std::int64_t>();
    for (std::int64_t i = 0; i < count; ++i) {
        auto& origins = seen[batch.lengths[static_cast<std::size_t>(i)]];
        if (i < count / 2) {
            ++origins[static_cast<std::size_t>(origin[i])];
        } else {
            right += (origins[1] > origins[0] ? 1 : 0) == origin[i] ? 1 : 0;
        }
        same += origin[i];
    }
    EXPECT_GT(seen.size(), 20U);
    // 6,000 answers by a look-up of lengths: four deviations of a coin are 0.026.
    EXPECT_NEAR(static_cast<double>(right) / (count / 2), 0.5, 0.026);
    EXPECT_NEAR(static_cast<double>(same) / count, 0.5, 0.019);
}

TEST(PretrainSource, PartnersAreOfLikeLengthSoLittleIsCutOff) {
    auto sizes = std::vector<std::size_t>(2000, 30);
    sizes.resize(4000, 200);
    MadeUpBursts const bursts(sizes);
    PretrainSource const source(bursts, {}, 1, Order::plain);
    auto const lengths = source.batch(3000, 500).lengths;
    for (auto const length : lengths) EXPECT_GE(length, 2 * 47 + 3);  // three quarters of 62
    EXPECT_NEAR(source.fill(4000), (13.0 * 2 + 3 + 54.5 * 2 + 3) / 2 / 128, 0.03);
}

}  // namespace
}  // namespace tessera::loader
