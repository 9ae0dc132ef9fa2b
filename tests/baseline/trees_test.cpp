#include <gtest/gtest.h>

#include <tessera/base/error.hpp>
#include <tessera/base/random.hpp>
#include <tessera/baseline/predictions.hpp>
#include <tessera/baseline/trees.hpp>

namespace tessera::baseline {
namespace {

/// Two features whose signs agree or not, and a third that says nothing: no single feature helps.
struct Agreement {
    explicit Agreement(std::uint64_t seed) {
        base::RandomStream random(seed, base::Purpose::test, 0, 0);
        for (int i = 0; i < 400; ++i) {
            auto const draw = [&] { return static_cast<float>(random.uniform() - 0.5); };
            std::vector<float> const row{draw(), draw(), draw()};
            rows.add(row);
            labels.push_back(row[0] * row[1] > 0 ? 1 : 0);
        }
    }
    Matrix rows{3, {}};
    std::vector<std::int32_t> labels;
};

double accuracy(Matrix const& shares, std::vector<std::int32_t> const& labels) {
    double right = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        right += most_likely(shares.row(i)) == labels[i] ? 1 : 0;
    }
    return right / static_cast<double>(labels.size());
}

class Trees : public testing::TestWithParam<Ensemble> {};

TEST_P(Trees, LearnWhatNoSingleFeatureTells) {
    if (!has_trees()) GTEST_SKIP() << "built without XGBoost";
    Agreement const train(1);
    Agreement const test(2);
    TreeConfig const config{GetParam(), 50, 1};
    auto const shares = tree_probabilities({train.rows, train.labels, 3}, test.rows, config);
    ASSERT_EQ(shares.rows(), 400U);
    EXPECT_GT(accuracy(shares, test.labels), 0.9);
    for (std::size_t i = 0; i < shares.rows(); ++i) {
        EXPECT_LT(shares.row(i)[2], 0.35) << "a class that training never saw";
    }
    EXPECT_EQ(shares.values,
              tree_probabilities({train.rows, train.labels, 3}, test.rows, config).values);
}

TEST_P(Trees, SayTheOnlyClassThereIs) {
    if (!has_trees()) GTEST_SKIP() << "built without XGBoost";
    std::vector<std::int32_t> const labels{0, 0};
    Matrix const rows{1, {1, 2}};
    auto const shares = tree_probabilities({rows, labels, 1}, rows, {GetParam(), 10, 1});
    EXPECT_EQ(shares.values, (std::vector<float>{1, 1}));
}

INSTANTIATE_TEST_SUITE_P(Ensembles, Trees, testing::Values(Ensemble::forest, Ensemble::boosted));

TEST(TreesAbsent, SaySo) {
    if (has_trees()) GTEST_SKIP() << "built with XGBoost";
    EXPECT_THROW(tree_probabilities({{1, {1}}, {}, 2}, {1, {1}}, {}), base::Error);
}

}  // namespace
}  // namespace tessera::baseline
