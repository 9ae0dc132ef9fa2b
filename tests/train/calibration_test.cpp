#include "calibration.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include <tessera/base/random.hpp>

namespace tessera::train {
namespace {

struct Drawn {
    std::vector<float> logits;
    std::vector<std::int64_t> labels;
};

/// Two classes; the label is drawn from softmax(logits), then the logits are made `too_sure` times
/// as large.
Drawn drawn(double too_sure) {
    Drawn result;
    base::RandomStream random(1, base::Purpose::test, 0, 0);
    for (int i = 0; i < 20'000; ++i) {
        auto const logit = 4 * random.uniform() - 2;
        auto const first = 1 / (1 + std::exp(-logit));
        result.labels.push_back(random.uniform() < first ? 0 : 1);
        result.logits.push_back(static_cast<float>(too_sure * logit));
        result.logits.push_back(0);
    }
    return result;
}

TEST(Calibration, FindsHowMuchTooSureAModelIs) {
    for (auto const factor : {0.5, 1.0, 3.0}) {
        auto const data = drawn(factor);
        // 20,000 draws leave a deviation of about 1 % of the slope.
        EXPECT_NEAR(calibrate(data.logits, data.labels, 2).temperature, factor, 0.05 * factor);
    }
}

TEST(Calibration, ATwentiethOfTheRightAnswersBecomesUnknown) {
    auto const data = drawn(1);
    auto const found = calibrate(data.logits, data.labels, 2);
    double right = 0;
    double lost = 0;
    for (std::size_t i = 0; i < data.labels.size(); ++i) {
        auto const logit = static_cast<double>(data.logits[2 * i]) / found.temperature;
        auto const first = 1 / (1 + std::exp(-logit));
        auto const best = first >= 0.5 ? 0 : 1;
        if (best != data.labels[i]) continue;
        ++right;
        lost += std::max(first, 1 - first) < found.unknown_below ? 1 : 0;
    }
    EXPECT_NEAR(lost / right, 0.05, 0.001);
}

TEST(Calibration, WithoutLabelsThereIsNone) {
    std::vector<float> const logits{1, 0};
    std::vector<std::int64_t> const labels{-1};
    auto const found = calibrate(logits, labels, 2);
    EXPECT_EQ(found.temperature, 1);
    EXPECT_EQ(found.unknown_below, 0);
}

}  // namespace
}  // namespace tessera::train
