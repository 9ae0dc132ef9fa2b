#include <algorithm>
#include <cmath>
#include <set>

#include <gtest/gtest.h>

#include <tessera/batch/masking.hpp>
#include <tessera/batch/special.hpp>

namespace tessera::batch {
namespace {

base::RandomStream stream(std::uint64_t sample, std::uint32_t epoch = 0) {
    return {11, base::Purpose::masking, epoch, sample};
}

/// [CLS], bigrams of `count` + 1 random bytes, [SEP], the same again with other bytes, [SEP].
std::vector<std::int64_t> two_runs(std::size_t count, std::uint64_t sample) {
    base::RandomStream random(5, base::Purpose::test, 0, sample);
    std::vector<std::int64_t> ids{cls_id};
    for (int run = 0; run < 2; ++run) {
        auto byte = static_cast<std::int64_t>(random.below(256));
        for (std::size_t i = 0; i < count; ++i) {
            auto const next = static_cast<std::int64_t>(random.below(256));
            ids.push_back(token_offset + byte * 256 + next);
            byte = next;
        }
        ids.push_back(sep_id);
    }
    return ids;
}

bool picked(MaskedPlaces const& places, std::int64_t place) {
    return std::binary_search(places.positions.begin(), places.positions.end(), place);
}

TEST(Masking, TargetsAreWhatStoodThereAndTheRestIsUntouched) {
    for (auto const* unit : {"bytes", "tokens"}) {
        MaskingConfig config;
        config.unit = unit;
        for (std::uint64_t sample = 0; sample < 50; ++sample) {
            auto const original = two_runs(60, sample);
            auto ids = original;
            auto random = stream(sample);
            auto const places = mask(ids, config, random);
            EXPECT_TRUE(std::is_sorted(places.positions.begin(), places.positions.end()));
            std::set<std::int64_t> const distinct(places.positions.begin(), places.positions.end());
            EXPECT_EQ(distinct.size(), places.positions.size());
            for (std::size_t i = 0; i < places.positions.size(); ++i) {
                auto const place = static_cast<std::size_t>(places.positions[i]);
                EXPECT_EQ(places.targets[i], original[place]);
                EXPECT_GE(original[place], token_offset);
            }
            for (std::size_t i = 0; i < ids.size(); ++i) {
                if (!picked(places, static_cast<std::int64_t>(i))) {
                    EXPECT_EQ(ids[i], original[i]);
                }
            }
        }
    }
}

TEST(Masking, EveryBigramThatTouchesAHiddenByteIsHidden) {
    // Within a run a byte lies in two bigrams, so a lone picked bigram can only stand at its end.
    for (std::uint64_t sample = 0; sample < 300; ++sample) {
        auto ids = two_runs(40, sample);
        auto random = stream(sample);
        auto const places = mask(ids, MaskingConfig{}, random);
        for (auto const place : places.positions) {
            auto const alone = !picked(places, place - 1) && !picked(places, place + 1);
            auto const at_end = place == 1 || place == 40 || place == 42 || place == 81;
            EXPECT_TRUE(!alone || at_end) << "sample " << sample << " place " << place;
        }
    }
}

TEST(Masking, RandomSpansStayConsistentWithTheirNeighbours) {
    MaskingConfig config;
    config.mask_share = 0;
    config.random_share = 1;
    std::size_t changed = 0;
    for (std::uint64_t sample = 0; sample < 50; ++sample) {
        auto const original = two_runs(60, sample);
        auto ids = original;
        auto random = stream(sample);
        auto const places = mask(ids, config, random);
        for (auto const place : places.positions) {
            auto const i = static_cast<std::size_t>(place);
            changed += ids[i] != original[i] ? 1U : 0U;
        }
        for (std::size_t i = 1; i + 1 < ids.size(); ++i) {
            if (ids[i] < token_offset || ids[i + 1] < token_offset) continue;
            EXPECT_EQ((ids[i] - token_offset) % 256, (ids[i + 1] - token_offset) / 256);
        }
    }
    EXPECT_GT(changed, 600U);
}

class MaskingUnits : public testing::TestWithParam<char const*> {};
INSTANTIATE_TEST_SUITE_P(Both, MaskingUnits, testing::Values("bytes", "tokens"),
                         [](auto const& unit) { return std::string(unit.param); });

TEST_P(MaskingUnits, SharesAreThoseConfigured) {
    MaskingConfig config;
    config.unit = GetParam();
    double masked = 0;
    double kept = 0;
    double all = 0;
    double ids_seen = 0;
    for (std::uint64_t sample = 0; sample < 2000; ++sample) {
        auto const original = two_runs(60, sample);
        auto ids = original;
        auto random = stream(sample);
        auto const places = mask(ids, config, random);
        auto const most = masked_slots(config, static_cast<std::int64_t>(ids.size()));
        EXPECT_LE(static_cast<std::int64_t>(places.positions.size()), most);
        for (auto const place : places.positions) {
            auto const i = static_cast<std::size_t>(place);
            masked += ids[i] == mask_id ? 1 : 0;
            kept += ids[i] == original[i] ? 1 : 0;
        }
        all += static_cast<double>(places.positions.size());
        ids_seen += static_cast<double>(ids.size());
    }
    // Spans hold about five bigrams with one fate: 7,000 spans, five deviations are 0.024.
    EXPECT_NEAR(masked / all, 0.8, 0.024);
    EXPECT_NEAR(kept / all, 0.1, 0.018);
    EXPECT_NEAR(all / ids_seen, 0.15, 0.01);
}

TEST(Masking, SingleTokensMeetTheReferencesCount) {
    MaskingConfig config;
    config.unit = "tokens";
    for (std::size_t const run : {1U, 3U, 10U, 40U}) {
        auto ids = two_runs(run, run);
        auto random = stream(1);
        auto const length = static_cast<double>(ids.size());
        EXPECT_EQ(mask(ids, config, random).positions.size(),
                  static_cast<std::size_t>(std::max(1.0, std::round(0.15 * length))));
    }
}

TEST_P(MaskingUnits, IsAPureFunctionOfTheStream) {
    MaskingConfig config;
    config.unit = GetParam();
    auto const result = [&](base::RandomStream random) {
        auto ids = two_runs(60, 1);
        mask(ids, config, random);
        return ids;
    };
    EXPECT_EQ(result(stream(1)), result(stream(1)));
    EXPECT_NE(result(stream(1)), result(stream(2)));
    EXPECT_NE(result(stream(1)), result(stream(1, 1)));
}

TEST_P(MaskingUnits, WithoutBigramsNothingIsPicked) {
    MaskingConfig config;
    config.unit = GetParam();
    std::vector<std::int64_t> ids{cls_id, sep_id, sep_id, unk_id};
    auto random = stream(1);
    EXPECT_TRUE(mask(ids, config, random).positions.empty());
    ids.clear();
    EXPECT_TRUE(mask(ids, config, random).positions.empty());
}

}  // namespace
}  // namespace tessera::batch
