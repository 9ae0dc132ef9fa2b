#include "predictions_fixture.hpp"

#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <safetensors_fixture.hpp>
#include <scratch.hpp>

#include <tessera/evaluate/scores.hpp>

namespace tessera::evaluate {
namespace {

using nlohmann::json;

// The reference's own figures are float64 from float32 probabilities; only the order of sums
// differs.
constexpr double tolerance = 1e-12;
constexpr double log_loss_tolerance = 1e-9;

void expect_rates(Rates const& rates, json const& expected) {
    EXPECT_NEAR(rates.precision, expected["precision"].get<double>(), tolerance);
    EXPECT_NEAR(rates.recall, expected["recall"].get<double>(), tolerance);
    EXPECT_NEAR(rates.f1, expected["f1"].get<double>(), tolerance);
}

void expect_averages(Averages const& averages, json const& expected) {
    expect_rates(averages.macro, expected["macro"]);
    expect_rates(averages.weighted, expected["weighted"]);
    expect_rates(averages.micro, expected["micro"]);
    ASSERT_EQ(averages.per_class.size(), expected["per_class"].size());
    for (std::size_t i = 0; i < averages.per_class.size(); ++i) {
        auto const& score = averages.per_class[i];
        auto const& wanted = expected["per_class"][i];
        EXPECT_EQ(score.label, wanted["label"].get<std::size_t>());
        EXPECT_EQ(score.support, wanted["support"].get<std::uint64_t>());
        expect_rates(score.rates, wanted);
    }
}

void expect_probabilities(ProbabilityScores const& scores, json const& expected) {
    EXPECT_NEAR(scores.log_loss, expected["log_loss"].get<double>(), log_loss_tolerance);
    EXPECT_NEAR(scores.brier, expected["brier_multiclass_sum"].get<double>(), tolerance);
    EXPECT_NEAR(scores.ece, expected["ece_15"].get<double>(), tolerance);
    EXPECT_NEAR(scores.mce, expected["mce_15"].get<double>(), tolerance);
    for (auto const& [k, share] : expected["top_k_accuracy_lowest_index_first"].items()) {
        EXPECT_NEAR(scores.top_k.at(std::stoul(k) - 1), share.get<double>(), tolerance) << k;
    }
    std::size_t filled = 0;
    for (auto const& bin : scores.calibration) filled += bin.items > 0 ? 1U : 0U;
    EXPECT_EQ(filled, expected["ece_bins_nonempty"].size());
    for (auto const& wanted : expected["ece_bins_nonempty"]) {
        auto const& bin = scores.calibration.at(wanted["bin"].get<std::size_t>());
        EXPECT_EQ(bin.items, wanted["count"].get<std::uint64_t>());
        EXPECT_NEAR(bin.confidence, wanted["mean_confidence"].get<double>(), tolerance);
        EXPECT_NEAR(bin.accuracy, wanted["accuracy"].get<double>(), tolerance);
    }
}

class Reference : public testing::TestWithParam<char const*> {};

TEST_P(Reference, AllScoresAgree) {
    auto const shared = test::shared_folder();
    if (!shared) GTEST_SKIP() << "no shared reference tensors";
    test::SafetensorsFixture const inputs(*shared / "reference/metrics_inputs.safetensors");
    std::ifstream file(*shared / "reference/metrics.json");
    auto const expected = json::parse(file)[GetParam()];

    auto const predictions = test::reference_set(inputs, GetParam());
    auto const given = inputs.integers(std::string(GetParam()) + ".pred");
    for (std::size_t i = 0; i < given.size(); ++i) EXPECT_EQ(predictions.predicted[i], given[i]);

    auto const scores = grade(predictions);
    EXPECT_EQ(scores.items, expected["n"].get<std::size_t>());
    EXPECT_NEAR(scores.labels.accuracy, expected["accuracy"].get<double>(), tolerance);
    EXPECT_NEAR(scores.labels.balanced_accuracy, expected["balanced_accuracy"].get<double>(),
                tolerance);
    EXPECT_NEAR(scores.labels.balanced_accuracy_adjusted,
                expected["balanced_accuracy_adjusted"].get<double>(), tolerance);
    EXPECT_NEAR(scores.labels.mcc, expected["mcc"].get<double>(), tolerance);
    EXPECT_NEAR(scores.labels.kappa, expected["cohen_kappa"].get<double>(), tolerance);
    expect_averages(scores.seen, expected["labels_union_averages"]);
    expect_averages(scores.all, expected["labels_all_averages"]);
    expect_probabilities(scores.probabilities, expected);
    auto const& rows = expected["confusion_true_row_pred_column"];
    for (std::size_t i = 0; i < rows.size(); ++i) {
        for (std::size_t j = 0; j < rows.size(); ++j) {
            EXPECT_EQ(scores.confusion.at(i, j), rows[i][j].get<std::uint64_t>());
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Sets, Reference, testing::Values("set1", "set2", "set3"));

}  // namespace
}  // namespace tessera::evaluate
