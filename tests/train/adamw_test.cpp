#include "adamw.hpp"

#include <array>
#include <cmath>

#include <gtest/gtest.h>

namespace tessera::train {
namespace {

struct Net : torch::nn::Module {
    Net() {
        matrix = register_parameter("matrix", at::full({3, 5}, 0.5));
        bias = register_parameter("bias", at::full({5}, -0.25));
    }
    at::Tensor matrix;
    at::Tensor bias;
};

/// One element by the book, in double.
struct Scalar {
    double value;
    double first = 0;
    double second = 0;
    int updates = 0;

    void step(AdamWConfig const& c, double gradient, double lr, double decay) {
        ++updates;
        bool const corrected = c.bias_correction == BiasCorrection::standard;
        value -= lr * decay * value;
        first = c.beta1 * first + (1 - c.beta1) * gradient;
        second = c.beta2 * second + (1 - c.beta2) * gradient * gradient;
        auto const m = corrected ? first / (1 - std::pow(c.beta1, updates)) : first;
        auto const v = corrected ? second / (1 - std::pow(c.beta2, updates)) : second;
        value -= lr * m / (std::sqrt(v) + c.epsilon);
    }
};

class AdamWTest : public testing::TestWithParam<BiasCorrection> {};

TEST_P(AdamWTest, FollowsTheFormulaOnBothParts) {
    AdamWConfig const config{.weight_decay = 0.1, .bias_correction = GetParam()};
    Net net;
    parallel::FlatParameters flat(net);
    AdamW optimizer(flat, config);
    Scalar matrix{0.5};
    Scalar bias{-0.25};
    for (int step = 1; step <= 20; ++step) {
        auto const gradient = std::sin(step);
        auto const lr = 0.01 / step;
        auto const divisor = step % 3 == 0 ? 2.0 : 1.0;
        net.matrix.mutable_grad().fill_(gradient);
        net.bias.mutable_grad().fill_(-gradient);
        optimizer.step(lr, divisor);
        matrix.step(config, gradient / divisor, lr, 0.1);
        bias.step(config, -gradient / divisor, lr, 0);
    }
    // 20 float32 updates of about 1e-2: each rounds values below 1 by at most 6e-8.
    EXPECT_NEAR(net.matrix[2][4].item<double>(), matrix.value, 2e-6);
    EXPECT_NEAR(net.bias[4].item<double>(), bias.value, 2e-6);
    EXPECT_EQ(optimizer.updates(), 20);
    EXPECT_EQ(flat.values()[15].item<float>(), 0);  // the gap stays 0
}

INSTANTIATE_TEST_SUITE_P(BiasCorrections, AdamWTest,
                         testing::Values(BiasCorrection::standard, BiasCorrection::none));

struct TwoWeights : torch::nn::Module {
    TwoWeights() {
        matrix = register_parameter("matrix", torch::tensor({{0.5F, -2.0F}}));
        bias = register_parameter("bias", torch::tensor({0.25F, 0.25F}));
    }
    at::Tensor matrix;
    at::Tensor bias;
};

// Algorithm 2 of You 2020 by the book, in double: r = m / (sqrt(v) + eps) + decay * w, then
// w -= lr * |w| / |r| * r; the bias takes AdamW's step.
TEST(Lamb, ScalesTheStepOfAMatrixToItsNorm) {
    AdamWConfig const config{.rule = UpdateRule::lamb, .weight_decay = 0.1};
    TwoWeights net;
    parallel::FlatParameters flat(net);
    AdamW optimizer(flat, config);
    std::array<double, 2> weights{0.5, -2.0};
    std::array<Scalar, 2> moments{Scalar{0}, Scalar{0}};
    Scalar bias{0.25};
    for (int step = 1; step <= 10; ++step) {
        std::array<double, 2> const gradients{std::sin(step), 3 * std::cos(step)};
        auto const divisor = step % 3 == 0 ? 2.0 : 1.0;
        net.matrix.mutable_grad().copy_(torch::tensor({{gradients[0], gradients[1]}}));
        net.bias.mutable_grad().fill_(gradients[0]);
        optimizer.step(0.01, divisor);
        std::array<double, 2> r{};
        for (std::size_t i = 0; i < 2; ++i) {
            auto const before = moments[i].value;
            moments[i].step(config, gradients[i] / divisor, 1, 0);
            r[i] = before - moments[i].value + 0.1 * weights[i];
        }
        auto const trust = std::hypot(weights[0], weights[1]) / std::hypot(r[0], r[1]);
        for (std::size_t i = 0; i < 2; ++i) weights[i] -= 0.01 * trust * r[i];
        bias.step(config, gradients[0] / divisor, 0.01, 0);
    }
    // 10 float32 updates of about 1e-2 on values up to 2.
    EXPECT_NEAR(net.matrix[0][0].item<double>(), weights[0], 1e-5);
    EXPECT_NEAR(net.matrix[0][1].item<double>(), weights[1], 1e-5);
    EXPECT_NEAR(net.bias[1].item<double>(), bias.value, 2e-6);
}

TEST(UpdateRule, RefusesAnUnknownWord) {
    EXPECT_EQ(update_rule("lamb"), UpdateRule::lamb);
    EXPECT_ANY_THROW(update_rule("sgd"));
}

}  // namespace
}  // namespace tessera::train
