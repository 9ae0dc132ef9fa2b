#include "dropout.hpp"
#include "vector_kernels.hpp"
#include "vocabulary_loss.hpp"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <tessera/base/random.hpp>

namespace tessera::model {
namespace {

std::vector<float> numbers(std::size_t count, double low, double high) {
    base::RandomStream stream(3, base::Purpose::test, 0, count);
    std::vector<float> values(count);
    for (auto& value : values) value = static_cast<float>(low + (high - low) * stream.uniform());
    return values;
}

class RowSizes : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(WholeAndPartialVectors, RowSizes, testing::Values(1, 15, 16, 17, 66, 128));

TEST_P(RowSizes, SoftmaxAndLogSumAgreeWithDoublePrecision) {
    auto const logits = numbers(GetParam(), -30, 30);
    auto row = logits;
    softmax_row(row, 0.5F);
    double sum = 0;
    double scaled_sum = 0;
    for (auto const x : logits) {
        sum += std::exp(static_cast<double>(x));
        scaled_sum += std::exp(0.5 * static_cast<double>(x));
    }
    for (std::size_t i = 0; i < row.size(); ++i) {
        auto const exact = std::exp(0.5 * static_cast<double>(logits[i])) / scaled_sum;
        EXPECT_NEAR(row[i], exact, 1e-6 * exact + 1e-12);
    }
    EXPECT_NEAR(log_sum_exp(logits).log_sum, std::log(sum), 4e-6);
    EXPECT_EQ(log_sum_exp(logits).maximum, *std::max_element(logits.begin(), logits.end()));
}

TEST_P(RowSizes, SoftmaxBackwardAgreesWithTheJacobian) {
    auto const size = GetParam();
    RowDropout const dropout{77, 1U << 30U, 4.0F / 3};
    auto probabilities = numbers(size, -2, 2);
    softmax_row(probabilities, 1.0F);
    auto const upstream = numbers(size, -1, 1);
    auto gradient = upstream;
    softmax_row_backward(probabilities, gradient, 0.5F, dropout);
    auto dropped = upstream;
    drop_row(upstream, dropped, dropout);
    double total = 0;
    for (std::size_t i = 0; i < size; ++i) {
        total += static_cast<double>(dropped[i]) * static_cast<double>(probabilities[i]);
    }
    for (std::size_t i = 0; i < size; ++i) {
        auto const exact =
            0.5 * static_cast<double>(probabilities[i]) * (static_cast<double>(dropped[i]) - total);
        EXPECT_NEAR(gradient[i], exact, 1e-6);
    }
}

TEST_P(RowSizes, SoftmaxWithDropoutIsBothInTurn) {
    RowDropout const dropout{77, 1U << 30U, 4.0F / 3};
    auto const scores = numbers(GetParam(), -3, 3);
    auto both = scores;
    softmax_drop_row(both, 0.5F, dropout);
    auto in_turn = scores;
    softmax_row(in_turn, 0.5F);
    drop_row(in_turn, in_turn, dropout);
    EXPECT_EQ(both, in_turn);
}

TEST_P(RowSizes, AddToRowAdds) {
    auto const x = numbers(GetParam(), -1, 1);
    std::vector<float> sum(x.size(), 2.0F);
    add_to_row(x, sum);
    for (std::size_t i = 0; i < x.size(); ++i) EXPECT_EQ(sum[i], 2.0F + x[i]);
}

// The formula's stated error is 1.5e-7 of Phi; the rest is rounding of values up to 8.
TEST_P(RowSizes, CombineRowsAddsThemUp) {
    std::vector<float> rows;
    for (std::size_t i = 0; i < 3 * GetParam(); ++i) rows.push_back(static_cast<float>(i % 37));
    std::vector<float> const coefficients{2.0F, 0.0F, -0.5F};
    std::vector<float> out(GetParam());
    combine_rows(coefficients, rows.data(), static_cast<std::int64_t>(GetParam()), out);
    for (std::size_t j = 0; j < out.size(); ++j) {
        EXPECT_EQ(out[j], 2.0F * rows[j] - 0.5F * rows[2 * GetParam() + j]) << j;
    }
}

TEST(VectorKernels, GeluAndItsSlopeHoldOverTheirRange) {
    for (double value = -12; value < 8; value += 0.00731) {
        auto const rounded = static_cast<double>(static_cast<float>(value));
        auto const phi = 0.5 * std::erfc(-rounded / std::sqrt(2.0));
        auto const bell = std::exp(-0.5 * rounded * rounded) / std::sqrt(2 * std::acos(-1.0));
        std::vector<float> x(16, static_cast<float>(value));
        std::vector<float> activation(16);
        gelu_row(x, std::vector<float>(16, 0.0F), activation);
        EXPECT_NEAR(activation[5], rounded * phi, 2e-7 * std::max(1.0, std::abs(rounded))) << value;
        std::vector<float> gradient(16, 3.0F);
        std::vector<float> again(16);
        gelu_row_backward(x, gradient, again);
        EXPECT_EQ(again, activation);
        EXPECT_NEAR(gradient[5], 3 * (phi + rounded * bell), 3e-6) << value;
    }
}

TEST(VectorKernels, ExponentialHoldsOverItsRange) {
    for (double x = -86.5; x < 80; x += 0.0371) {
        std::vector<float> row(16, static_cast<float>(x));
        exp_row(row, row, 0.0F, 1.0F);
        auto const exact = std::exp(static_cast<double>(static_cast<float>(x)));
        EXPECT_NEAR(row[7] / exact, 1.0, 3e-7) << x;
    }
    std::vector<float> low(16, -1e30F);
    exp_row(low, low, 0.0F, 1.0F);
    EXPECT_EQ(low[0], 0.0F);
}

TEST(Dropout, DropsTheShareAndKeepsTheMean) {
    std::size_t zeros = 0;
    double sum = 0;
    constexpr std::size_t rows = 500;
    std::vector<float> const ones(256, 1.0F);
    for (std::uint32_t key = 0; key < rows; ++key) {
        std::vector<float> out(256);
        drop_row(ones, out, row_dropout(mixed(key), 0.1));
        for (auto const value : out) {
            zeros += value == 0.0F ? 1 : 0;
            sum += static_cast<double>(value);
        }
    }
    // 128,000 draws: five standard deviations are 0.0042.
    EXPECT_NEAR(static_cast<double>(zeros) / (256.0 * rows), 0.1, 0.0042);
    EXPECT_NEAR(sum / (256.0 * rows), 1.0, 0.005);
}

TEST(Dropout, TheGradientIsTheMaskItself) {
    auto const x = torch::rand({70, 33}).add(1.0).requires_grad_();
    auto const base = torch::rand({70, 33}).requires_grad_();
    auto const bias = torch::rand({33}).requires_grad_();
    auto const keys = torch::arange(70, torch::kInt32);
    auto const y = add_dropped(base, {x, bias}, keys, 0.3);
    y.sum().backward();
    EXPECT_TRUE(torch::allclose(y, base + (x + bias) * x.grad(), 1e-6, 1e-6));
    EXPECT_TRUE(base.grad().eq(1).all().item<bool>());
    EXPECT_TRUE(torch::allclose(bias.grad(), x.grad().sum(0)));
    EXPECT_TRUE(torch::allclose(dropout_of(x, keys, 0.3), x * x.grad()));
}

TEST(Dropout, WithoutItTheBiasIsAddedAllTheSame) {
    auto const x = torch::rand({70, 33}).requires_grad_();
    auto const base = torch::rand({70, 33});
    auto const bias = torch::rand({33}).requires_grad_();
    auto const y = add_dropped(base, {x, bias}, {}, 0.3);
    EXPECT_TRUE(y.equal(base + (x + bias)));
    y.sum().backward();
    EXPECT_TRUE(x.grad().eq(1).all().item<bool>());
    EXPECT_TRUE(bias.grad().eq(70).all().item<bool>());
    EXPECT_TRUE(add_dropped(base, {x, {}}, {}, 0.3).equal(base + x));
}

TEST_P(RowSizes, GeluOfAnInputWithBiasIsThatOfTheirSum) {
    std::vector<float> x;
    std::vector<float> bias;
    for (std::size_t i = 0; i < GetParam(); ++i) {
        x.push_back(static_cast<float>(i % 37) * 0.25F - 4.0F);
        bias.push_back(static_cast<float>(i % 5) * 0.5F);
    }
    auto expected = x;
    for (std::size_t i = 0; i < x.size(); ++i) expected[i] += bias[i];
    auto const sums = expected;
    gelu_row(expected, std::vector<float>(x.size(), 0.0F), expected);
    std::vector<float> activation(x.size());
    gelu_row(x, bias, activation);
    EXPECT_EQ(x, sums);
    EXPECT_EQ(activation, expected);
}

struct LossInputs {
    torch::Tensor x, weight, bias, targets, weights;
};

LossInputs loss_inputs(torch::Dtype type) {
    torch::manual_seed(5);
    auto const make = [&](at::IntArrayRef shape) {
        return torch::randn(shape).to(type).requires_grad_();
    };
    return {make({11, 8}), make({64, 8}), make({64}), torch::arange(11) * 4,
            torch::tensor({1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1}).to(type)};
}

class LossTypes : public testing::TestWithParam<torch::Dtype> {};
INSTANTIATE_TEST_SUITE_P(OwnLoopsAndOperators, LossTypes,
                         testing::Values(torch::kFloat, torch::kDouble));

TEST_P(LossTypes, VocabularyLossAgreesWithSeparateOperators) {
    constexpr std::int64_t vocabulary = 50;
    auto const ours = loss_inputs(GetParam());
    auto const theirs = loss_inputs(GetParam());
    auto const result =
        vocabulary_loss(ours.x, ours.weight, ours.bias, ours.targets, ours.weights, vocabulary);
    (result.loss_sum * 0.25).backward();
    auto const logits = at::linear(theirs.x, theirs.weight, theirs.bias).narrow(1, 0, vocabulary);
    auto const losses =
        at::cross_entropy_loss(logits, theirs.targets, {}, at::Reduction::None) * theirs.weights;
    (losses.sum() * 0.25).backward();
    EXPECT_NEAR(result.loss_sum.item<double>(), losses.sum().item<double>(), 1e-4);
    EXPECT_EQ(result.correct.item<double>(),
              (logits.argmax(1).eq(theirs.targets) * theirs.weights).sum().item<double>());
    EXPECT_TRUE(torch::allclose(ours.x.grad(), theirs.x.grad(), 1e-4, 1e-5));
    EXPECT_TRUE(torch::allclose(ours.weight.grad(), theirs.weight.grad(), 1e-4, 1e-5));
    EXPECT_TRUE(torch::allclose(ours.bias.grad(), theirs.bias.grad(), 1e-4, 1e-5));
    EXPECT_EQ(ours.weight.grad().narrow(0, vocabulary, 14).abs().sum().item<double>(), 0);
}

// 9,001 ids are three blocks of columns, the last one partial.
TEST(VocabularyLoss, BlocksOfALargeVocabularyAreOneSum) {
    constexpr std::int64_t vocabulary = 9001;
    auto const make = [] {
        torch::manual_seed(5);
        return std::vector<torch::Tensor>{torch::randn({7, 8}).requires_grad_(),
                                          torch::randn({9024, 8}).requires_grad_(),
                                          torch::randn({9024}).requires_grad_()};
    };
    auto const ours = make();
    auto const theirs = make();
    auto const logits = at::linear(theirs[0], theirs[1], theirs[2]).narrow(1, 0, vocabulary);
    auto targets = torch::tensor({0, 4095, 4096, 9000, 5, 8191, 17});
    targets[4] = logits[4].argmax().item<std::int64_t>();
    auto const result =
        vocabulary_loss(ours[0], ours[1], ours[2], targets, torch::ones({7}), vocabulary);
    auto const expected = at::cross_entropy_loss(logits, targets, {}, at::Reduction::Sum);
    (result.loss_sum * 0.5).backward();
    (expected * 0.5).backward();
    EXPECT_NEAR(result.loss_sum.item<double>(), expected.item<double>(), 1e-4);
    EXPECT_EQ(result.correct.item<double>(), logits.argmax(1).eq(targets).sum().item<double>());
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_TRUE(torch::allclose(ours[i].grad(), theirs[i].grad(), 1e-4, 1e-5)) << i;
    }
}

TEST(VocabularyLoss, GivesTheSameWithoutGradient) {
    auto const inputs = loss_inputs(torch::kFloat);
    auto const loss = [&] {
        return vocabulary_loss(inputs.x, inputs.weight, inputs.bias, inputs.targets, inputs.weights,
                               50)
            .loss_sum.item<double>();
    };
    auto const training = loss();
    torch::NoGradGuard const no_gradient;
    EXPECT_EQ(training, loss());
}

// Masked headers are zeros: hundreds of slots of a batch may have one target. Without weights every
// id is as likely, so the bias gradient is exact: slots/vocabulary, less the slots at the target.
TEST(VocabularyLoss, ManyEqualTargetsStayWithinFp16) {
    constexpr std::int64_t slots = 200;
    constexpr std::int64_t vocabulary = 50;
    auto const x = torch::zeros({slots, 8}, torch::kHalf).requires_grad_();
    auto const weight = torch::zeros({64, 8}, torch::kHalf).requires_grad_();
    auto const bias = torch::zeros({64}, torch::kHalf).requires_grad_();
    auto const targets = torch::full({slots}, 3, torch::kLong);
    auto const result = vocabulary_loss(x, weight, bias, targets, torch::ones({slots}), vocabulary);
    (result.loss_sum / slots).backward();
    auto const gradient = bias.grad().to(torch::kFloat);
    EXPECT_NEAR(gradient[3].item<double>(), 1.0 / vocabulary - 1, 2e-3);  // fp16 keeps 11 bits
    EXPECT_NEAR(gradient[4].item<double>(), 1.0 / vocabulary, 1e-4);
}

TEST(VocabularyLoss, AnEqualLogitAtALowerIdIsAMiss) {
    auto const zeros = torch::zeros({2, 4});
    auto const result = vocabulary_loss(zeros, torch::zeros({64, 4}), torch::zeros({64}),
                                        torch::tensor({0, 3}), torch::ones({2}), 50);
    EXPECT_EQ(result.correct.item<double>(), 1);
}

}  // namespace
}  // namespace tessera::model
