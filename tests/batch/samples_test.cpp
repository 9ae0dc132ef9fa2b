#include <numeric>

#include <gtest/gtest.h>

#include <tessera/base/error.hpp>
#include <tessera/batch/classifier_sample.hpp>
#include <tessera/batch/pretrain_sample.hpp>
#include <tessera/batch/special.hpp>

namespace tessera::batch {
namespace {

/// Bigrams of the bytes begin, begin + 1, ..
std::vector<std::uint16_t> burst_of(std::size_t tokens, int begin) {
    std::vector<std::uint16_t> burst(tokens);
    for (auto& token : burst) {
        token = static_cast<std::uint16_t>((begin % 256) * 256 + (begin + 1) % 256);
        ++begin;
    }
    return burst;
}

PretrainSample sample_of(std::vector<std::uint16_t> const& burst,
                         std::vector<std::uint16_t> const& other, PretrainDataConfig const& config,
                         std::uint64_t number) {
    base::RandomStream pairing(1, base::Purpose::pairing, 0, number);
    base::RandomStream masking(1, base::Purpose::masking, 0, number);
    return make_pretrain_sample(burst, other, config, pairing, masking);
}

PretrainDataConfig unmasked() {
    PretrainDataConfig config;
    config.masking.mask_share = 0;  // picked, but kept
    config.masking.random_share = 0;
    return config;
}

TEST(PretrainSample, HoldsAHalfOfTheBurstAndOneOfTheSameOrTheOther) {
    auto const burst = burst_of(61, 0);    // halves of 30
    auto const other = burst_of(57, 120);  // halves of 28
    int same = 0;
    for (std::uint64_t number = 0; number < 400; ++number) {
        auto const sample = sample_of(burst, other, unmasked(), number);
        auto const half = (sample.ids.size() - 3) / 2;
        ASSERT_LE(half, 28U);
        ASSERT_GE(half, 21U);
        EXPECT_EQ(sample.ids.front(), cls_id);
        EXPECT_EQ(sample.ids[half + 1], sep_id);
        EXPECT_EQ(sample.ids.back(), sep_id);
        EXPECT_EQ(sample.second_begin, half + 2);
        auto const& second = sample.origin == Origin::same ? burst : other;
        for (std::size_t i = 0; i < half; ++i) {
            EXPECT_EQ(sample.ids[1 + i], burst[i] + token_offset);
            EXPECT_EQ(sample.ids[half + 2 + i],
                      second[second.size() - half_size(second.size()) + i] + token_offset);
        }
        same += sample.origin == Origin::same ? 1 : 0;
    }
    EXPECT_NEAR(same, 200, 50);  // five deviations
}

TEST(PretrainSample, NoByteStandsInBothHalves) {
    for (std::size_t const tokens : {9U, 10U, 63U, 64U}) {
        auto const half = half_size(tokens);
        // Half 1 ends with byte `half`, half 2 begins with byte tokens - half.
        EXPECT_LT(half, tokens - half);
        EXPECT_GE(2 * half + 2, tokens);
    }
}

// The reference's own instances (etbert_bertdataset.json): 69.0 % labelled different at 128 ids,
// 65.9 % at 512; two thirds by construction.
TEST(PretrainSample, AsCodedTwoThirdsAreDifferentAndLengthsTellWhich) {
    auto config = unmasked();
    config.pairing = "as-coded";
    auto const burst = burst_of(61, 0);    // halves of 30
    auto const other = burst_of(41, 120);  // halves of 20
    int different = 0;
    int single = 0;
    constexpr int all = 1800;
    for (std::uint64_t number = 0; number < all; ++number) {
        auto const sample = sample_of(burst, other, config, number);
        different += sample.origin == Origin::different ? 1 : 0;
        if (sample.second_begin == sample.ids.size()) {
            ++single;
            EXPECT_EQ(sample.ids.size(), 32U);
            EXPECT_EQ(sample.ids[1], burst[31] + token_offset);
            EXPECT_EQ(sample.origin, Origin::different);
            continue;
        }
        EXPECT_EQ(sample.ids.size() == 63U, sample.origin == Origin::same);
    }
    EXPECT_NEAR(different, 2 * all / 3, 100);  // five deviations
    EXPECT_NEAR(single, all / 3, 100);
}

TEST(PretrainSample, AsCodedTheLongerHalfIsCutUntilBothFit) {
    auto config = unmasked();
    config.pairing = "as-coded";
    config.sequence_length = 40;
    for (std::uint64_t number = 0; number < 50; ++number) {
        auto const sample = sample_of(burst_of(61, 0), burst_of(21, 120), config, number);
        if (sample.second_begin == sample.ids.size()) {
            EXPECT_EQ(sample.ids.size(), 32U);  // one half alone fits whole
        } else if (sample.origin == Origin::same) {
            EXPECT_EQ(sample.ids.size(), 40U);
            EXPECT_EQ(sample.second_begin, 21U);  // 19 and 18
        } else {
            EXPECT_EQ(sample.ids.size(), 40U);
            EXPECT_EQ(sample.second_begin, 29U);  // 27 of 30, and all 10
        }
    }
}

TEST(PretrainSample, FitsTheSequence) {
    PretrainDataConfig config;
    config.sequence_length = 33;
    auto const sample = sample_of(burst_of(500, 0), burst_of(400, 9), config, 1);
    EXPECT_LE(sample.ids.size(), 33U);
}

// BERT's: 0 where the second part follows the first (Devlin 2019), the same in ET-BERT.
TEST(PretrainBatch, LabelsPairsAsTheReferenceDoes) {
    EXPECT_EQ(static_cast<int>(Origin::same), 0);
    EXPECT_EQ(static_cast<int>(Origin::different), 1);
}

TEST(PretrainBatch, CollatesWithUsedSlotsFirst) {
    PretrainDataConfig config;
    config.sequence_length = 40;
    std::vector<PretrainSample> samples{sample_of(burst_of(21, 0), burst_of(20, 7), config, 1),
                                        sample_of(burst_of(31, 50), burst_of(33, 90), config, 2)};
    samples[0].key = 7;
    samples[1].sample = 3;
    auto const batch = collate(samples, config);
    EXPECT_EQ(batch.tokens.sizes(), (std::vector<std::int64_t>{2, 40}));
    EXPECT_EQ(batch.masked_positions.size(0), 2 * 6);
    EXPECT_EQ(batch.masked_count, static_cast<std::int64_t>(samples[0].masked.targets.size() +
                                                            samples[1].masked.targets.size()));
    EXPECT_EQ(batch.keys[0], 7U);
    EXPECT_EQ(batch.samples[1], 3U);
    for (std::int64_t i = 0; i < 12; ++i) {
        auto const used = i < batch.masked_count;
        EXPECT_EQ(batch.masked_weights[i].item<float>(), used ? 1.0F : 0.0F);
        if (!used) {
            EXPECT_EQ(batch.masked_positions[i].item<std::int64_t>(), 0);
        }
    }
    for (std::int64_t b = 0; b < 2; ++b) {
        auto const& sample = samples[static_cast<std::size_t>(b)];
        auto const length = static_cast<std::int64_t>(sample.ids.size());
        EXPECT_EQ(batch.lengths[static_cast<std::size_t>(b)], length);
        EXPECT_EQ(batch.same_origin[b].item<std::int64_t>(),
                  static_cast<std::int64_t>(sample.origin));
        EXPECT_TRUE(batch.tokens[b].slice(0, 0, length).equal(torch::tensor(sample.ids)));
        EXPECT_EQ(batch.tokens[b].slice(0, length).abs().sum().item<std::int64_t>(), pad_id);
        EXPECT_EQ(batch.segments[b].sum().item<std::int64_t>(),
                  length - static_cast<std::int64_t>(sample.second_begin));
    }
    auto const first = batch.masked_positions[batch.masked_count - 1].item<std::int64_t>();
    EXPECT_EQ(first, 40 + samples[1].masked.positions.back());
}

TEST(PretrainDataConfig, RefusesWhatMakesNoSample) {
    for (auto const& [key, value] :
         std::vector<std::pair<std::string, std::string>>{{"data.sequence_length", "15"},
                                                          {"data.min_burst_tokens", "2"},
                                                          {"data.same_origin_share", "1.5"},
                                                          {"data.masked_share", "-0.1"},
                                                          {"data.longest_span", "0"}}) {
        PretrainDataConfig config;
        base::OptionTable options;
        describe(options, config);
        options.set(key, value, "test");
        EXPECT_THROW(check(config), base::Error) << key;
    }
}

TEST(ClassifierSample, LaysPacketsOutWithTheirDirections) {
    auto const a = burst_of(3, 0);
    auto const b = burst_of(2, 100);
    std::vector<SamplePacket> const packets{{a, 1}, {b, 0}};
    auto const sample = make_classifier_sample(packets, ClassifierDataConfig{});
    EXPECT_EQ(sample.ids, (std::vector<std::int64_t>{cls_id, a[0] + 5, a[1] + 5, a[2] + 5, sep_id,
                                                     b[0] + 5, b[1] + 5, sep_id}));
    EXPECT_EQ(sample.segments, (std::vector<std::int64_t>{1, 1, 1, 1, 1, 0, 0, 0}));
}

TEST(ClassifierSample, SharesTheSequenceOutFromTheShortestPacketOn) {
    ClassifierDataConfig config;
    config.sequence_length = 34;  // [CLS], 3 [SEP], 30 tokens
    auto const longest = burst_of(100, 0);
    auto const brief = burst_of(4, 100);
    std::vector<SamplePacket> const packets{{longest, 0}, {brief, 1}, {longest, 0}};
    auto const sample = make_classifier_sample(packets, config);
    EXPECT_EQ(sample.ids.size(), 34U);
    EXPECT_EQ(sample.ids[14], sep_id);  // 13 tokens, 4 tokens, 13 tokens
    EXPECT_EQ(sample.ids[19], sep_id);
    EXPECT_EQ(sample.ids[33], sep_id);
}

TEST(ClassifierSample, UsesTheFirstPacketsOnly) {
    ClassifierDataConfig config;
    config.packets = 2;
    auto const tokens = burst_of(3, 0);
    std::vector<SamplePacket> const packets(7, SamplePacket{tokens, 0});
    EXPECT_EQ(make_classifier_sample(packets, config).ids.size(), 1U + 2 * 4);
    EXPECT_EQ(make_classifier_sample({}, config).ids.size(), 1U);
}

TEST(ClassifierBatch, HoldsWhatPacketsShowBesideTheirBytes) {
    ClassifierDataConfig config;
    config.size_packets = 3;
    auto const tokens = burst_of(3, 0);
    std::vector<SamplePacket> const packets{{tokens, 0, 0, 2, 5'000'000'000},
                                            {tokens, 1, 1448, 24, 5'250'000'000},
                                            {tokens, 1, 7, 16, 4'000'000'000},
                                            {tokens, 0, 9, 16, 6'000'000'000}};
    std::vector<ClassifierSample> const samples{
        make_classifier_sample(packets, config),
        make_classifier_sample(std::span(packets).first(1), config)};
    auto const batch = collate(samples, config);
    // direction, payload, gap in seconds (never negative), flags
    EXPECT_TRUE(batch.packets[0].equal(
        torch::tensor({{1.0, 0.0, 0.0, 2.0}, {-1.0, 1448.0, 0.25, 24.0}, {-1.0, 7.0, 0.0, 16.0}})));
    EXPECT_TRUE(batch.packets[1][0].equal(torch::tensor({1.0, 0.0, 0.0, 2.0})));
    EXPECT_EQ(batch.packets[1].narrow(0, 1, 2).abs().sum().item<double>(), 0);
    config.inputs = "tokens";
    EXPECT_FALSE(collate(samples, config).packets.defined());
}

TEST(ClassifierSample, SizesAloneNeedNoTokens) {
    ClassifierDataConfig config;
    config.inputs = "sizes";
    auto const tokens = burst_of(3, 0);
    std::vector<SamplePacket> const packets(40, SamplePacket{tokens, 0});
    auto const sample = make_classifier_sample(packets, config);
    EXPECT_EQ(sample.ids, std::vector<std::int64_t>{cls_id});
    EXPECT_EQ(sample.packets.size(), 30U);
    EXPECT_EQ(collate(std::vector{sample}, config).tokens.size(1), 1);
    EXPECT_EQ(packets_read(config), 30);
    config.inputs = "tokens";
    EXPECT_EQ(packets_read(config), 5);
}

TEST(ClassifierBatch, CountsLabels) {
    ClassifierDataConfig config;
    auto const tokens = burst_of(3, 0);
    std::vector<SamplePacket> const packets{{tokens, 1}};
    std::vector<ClassifierSample> samples(3, make_classifier_sample(packets, config));
    samples[0].label = 4;
    samples[2].label = 0;
    auto const batch = collate(samples, config);
    EXPECT_EQ(batch.labelled, 2);
    EXPECT_TRUE(batch.labels.equal(torch::tensor({4, -1, 0}, torch::kInt64)));
    EXPECT_EQ(batch.tokens.sizes(), (std::vector<std::int64_t>{3, 320}));
    EXPECT_EQ(batch.token_count(), 15);
}

TEST(ClassifierDataConfig, RefusesMorePacketsThanFit) {
    ClassifierDataConfig config;
    config.sequence_length = 16;
    config.packets = 8;
    EXPECT_THROW(check(config), base::Error);
    config.packets = 7;
    EXPECT_NO_THROW(check(config));
}

}  // namespace
}  // namespace tessera::batch
