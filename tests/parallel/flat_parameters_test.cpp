#include <cmath>

#include <gtest/gtest.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>

#include <tessera/base/error.hpp>
#include <tessera/parallel/flat_parameters.hpp>

namespace tessera::parallel {
namespace {

struct Net : torch::nn::Module {
    Net() {
        first = register_module("first", torch::nn::Linear(3, 5));
        norm = register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({5})));
        last = register_module("last", torch::nn::Linear(5, 2));
    }
    at::Tensor forward(at::Tensor const& x) { return last(norm(first(x)).relu()); }
    torch::nn::Linear first{nullptr};
    torch::nn::LayerNorm norm{nullptr};
    torch::nn::Linear last{nullptr};
};

FlatEntry const& entry(FlatParameters const& flat, std::string const& name) {
    for (auto const& candidate : flat.entries())
        if (candidate.name == name) return candidate;
    throw std::runtime_error("no entry " + name);
}

TEST(FlatParameters, LaysMatricesFirstOnCacheLinesAndKeepsTheirValues) {
    at::manual_seed(1);
    Net net;
    auto const before = net.last->weight.detach().clone();
    FlatParameters flat(net);
    ASSERT_EQ(flat.entries().size(), 6U);
    EXPECT_EQ(flat.decayed(), 32);  // 15 and 10 weights, each padded to 16
    EXPECT_EQ(flat.trainable(), 32 + 4 * 16);
    for (auto const& item : flat.entries()) {
        EXPECT_EQ(item.offset % 16, 0);
        EXPECT_EQ(item.decays, item.shape.size() == 2) << item.name;
    }
    EXPECT_TRUE(at::equal(net.last->weight, before));
    EXPECT_TRUE(at::equal(FlatParameters::view(flat.values(), entry(flat, "last.weight")), before));
}

TEST(FlatParameters, BackwardWritesIntoTheFlatGradients) {
    at::manual_seed(2);
    Net plain;
    at::manual_seed(2);
    Net net;
    FlatParameters flat(net);
    auto const x = at::randn({7, 3});
    for (int pass = 0; pass < 2; ++pass) {
        plain.forward(x).pow(2).sum().backward();
        net.forward(x).pow(2).sum().backward();
    }
    for (auto const& item : plain.named_parameters()) {
        auto const place = FlatParameters::view(flat.gradients(), entry(flat, item.key()));
        EXPECT_TRUE(at::equal(place, item.value().grad())) << item.key();
    }
    flat.zero_gradients();
    EXPECT_EQ(net.first->weight.grad().abs().sum().item<float>(), 0);
}

TEST(FlatParameters, WritingTheFlatValuesChangesTheModule) {
    Net net;
    FlatParameters flat(net);
    flat.values().fill_(0.5);
    EXPECT_EQ(net.norm->weight.detach().sum().item<float>(), 2.5F);
}

TEST(FlatParameters, FrozenParametersHaveValuesButNoGradients) {
    Net net;
    for (auto& parameter : net.first->parameters()) parameter.set_requires_grad(false);
    FlatParameters flat(net);
    EXPECT_EQ(flat.gradients().numel(), 16 + 3 * 16);
    EXPECT_EQ(flat.values().numel(), flat.trainable() + 2 * 16);
    EXPECT_FALSE(entry(flat, "first.weight").trainable);
    EXPECT_GE(entry(flat, "first.weight").offset, flat.trainable());
    net.forward(at::randn({2, 3})).sum().backward();
    EXPECT_FALSE(net.first->weight.grad().defined());
}

struct Tied : torch::nn::Module {
    Tied() {
        in = register_parameter("in", at::randn({4, 4}));
        out = register_parameter("out", in);
    }
    at::Tensor in;
    at::Tensor out;
};

TEST(FlatParameters, TiedTensorsHaveOneEntry) {
    Tied net;
    FlatParameters flat(net);
    EXPECT_EQ(flat.entries().size(), 1U);
    flat.values().fill_(2);
    EXPECT_EQ(net.out.detach().sum().item<float>(), 32);
}

TEST(FlatParameters, InAHalfTypeTheMastersKeepTheirBits) {
    at::manual_seed(4);
    Net net;
    auto const before = net.first->weight.detach().clone();
    FlatParameters flat(net, at::kBFloat16);
    auto const& place = entry(flat, "first.weight");
    EXPECT_EQ(net.first->weight.scalar_type(), at::kBFloat16);
    EXPECT_TRUE(at::equal(FlatParameters::view(flat.values(), place), before));
    EXPECT_TRUE(at::equal(net.first->weight.detach(), before.to(at::kBFloat16)));
    // Far below the 2^-8 that bfloat16 tells apart: the masters take it in, step after step.
    for (int i = 0; i < 1000; ++i) flat.values().mul_(1 + 1e-5);
    flat.refresh();
    auto const grown = before.to(at::kDouble) * std::pow(1 + 1e-5, 1000);
    EXPECT_TRUE(at::allclose(FlatParameters::view(flat.values(), place).to(at::kDouble), grown,
                             /*rtol=*/1e-4));  // 1000 roundings of 6e-8
    EXPECT_TRUE(at::equal(net.first->weight.detach(),
                          FlatParameters::view(flat.values(), place).to(at::kBFloat16)));
}

TEST(FlatParameters, CollectsHalfGradientsInFullPrecision) {
    Net net;
    FlatParameters flat(net, at::kBFloat16);
    auto const& place = entry(flat, "last.bias");
    for (int i = 0; i < 300; ++i) {
        net.last->bias.mutable_grad().fill_(1);
        flat.collect(0, flat.trainable());
    }
    // bfloat16 itself stays at 256: 256 + 1 rounds back.
    EXPECT_EQ(FlatParameters::view(flat.gradients(), place)[0].item<float>(), 300);
    EXPECT_EQ(net.last->bias.grad()[0].item<float>(), 0);
    flat.zero_gradients();
    EXPECT_EQ(flat.gradients().abs().sum().item<float>(), 0);
}

TEST(FlatParameters, WidenedAModuleComputesWithTheMasters) {
    Net net;
    FlatParameters flat(net, at::kHalf);
    flat.values().fill_(1.0F / 3);
    flat.widen();
    EXPECT_EQ(net.last->weight[0][0].item<float>(), 1.0F / 3);
    net.forward(at::randn({2, 3})).sum().backward();
    EXPECT_TRUE(net.last->weight.grad().is_alias_of(flat.gradients()));
}

TEST(FlatParameters, RefusesOtherTypesByName) {
    Net net;
    net.last->to(at::kDouble);
    try {
        FlatParameters flat(net);
        FAIL();
    } catch (base::Error const& error) {
        EXPECT_NE(std::string(error.what()).find("last.weight"), std::string::npos);
    }
}

}  // namespace
}  // namespace tessera::parallel
