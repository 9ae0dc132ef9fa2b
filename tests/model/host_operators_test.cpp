#include "attention.hpp"
#include "embedding_sum.hpp"
#include "feed_forward.hpp"
#include "kernel_choice.hpp"
#include "products.hpp"

#include <vector>

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <tessera/base/error.hpp>

namespace tessera::model {
namespace {

// The own functions of the host against LibTorch's operators and its autograd. Tolerances: float32
// rounding of sums of up to 600 products of unit size.
constexpr double relative = 1e-4;
constexpr double absolute = 2e-4;

bool close(torch::Tensor const& a, torch::Tensor const& b) {
    return a.sizes() == b.sizes() && torch::allclose(a, b, relative, absolute);
}

std::vector<torch::Tensor> leaves(std::vector<std::vector<std::int64_t>> const& shapes) {
    torch::manual_seed(7);
    std::vector<torch::Tensor> result;
    for (auto const& shape : shapes) result.push_back(torch::randn(shape).requires_grad_());
    return result;
}

void expect_equal_gradients(std::vector<torch::Tensor> const& ours,
                            std::vector<torch::Tensor> const& theirs) {
    for (std::size_t i = 0; i < ours.size(); ++i) {
        EXPECT_TRUE(close(ours[i].grad(), theirs[i].grad())) << "input " << i;
    }
}

/// Of two results and the gradients of what they were made from.
void expect_agreement(torch::Tensor const& result, std::vector<torch::Tensor> const& ours,
                      torch::Tensor const& expected, std::vector<torch::Tensor> const& theirs,
                      double scale = 1) {
    EXPECT_TRUE(close(result, expected));
    auto const upstream = torch::randn(expected.sizes()) * scale;
    result.backward(upstream);
    expected.backward(upstream);
    expect_equal_gradients(ours, theirs);
}

struct Sizes {
    std::int64_t rows, in, out;
    bool onednn;
};
class Products : public testing::TestWithParam<Sizes> {};
// The larger ones are large enough for oneDNN: 520 * 512 * 576 > 2^27.
INSTANTIATE_TEST_SUITE_P(SmallAndLarge, Products,
                         testing::Values(Sizes{9, 17, 5, true}, Sizes{520, 512, 576, true},
                                         Sizes{520, 512, 576, false}));

TEST_P(Products, LinearAgreesWithTheOperatorAndItsGradients) {
    auto const [rows, in, out, onednn] = GetParam();
    OneDnn const choice(onednn);
    std::vector<std::vector<std::int64_t>> const shapes{{rows, in}, {out, in}, {out}};
    auto const ours = leaves(shapes);
    auto const theirs = leaves(shapes);
    auto const result = linear(ours[0], ours[1], ours[2]);
    auto const expected = at::linear(theirs[0], theirs[1], theirs[2]);
    expect_agreement(result, ours, expected, theirs);
}

TEST_P(Products, AnUnbiasedProductIsALinearOneWithoutItsBias) {
    auto const [rows, in, out, onednn] = GetParam();
    OneDnn const choice(onednn);
    std::vector<std::vector<std::int64_t>> const shapes{{rows, in}, {out, in}, {out}};
    auto const ours = leaves(shapes);
    auto const theirs = leaves(shapes);
    auto const product = unbiased_product(ours[0], ours[1], ours[2]);
    auto const result = product.rows + product.bias;
    auto const expected = at::linear(theirs[0], theirs[1], theirs[2]);
    expect_agreement(result, ours, expected, theirs);
}

TEST(Products, FeedForwardIsTheSameWithoutGradients) {
    auto const inputs = leaves({{9, 17}, {21, 17}, {21}, {17, 21}, {17}});
    FeedForward const weights{inputs[1], inputs[2], inputs[3], inputs[4]};
    auto const with = feed_forward(inputs[0], weights).rows;
    torch::InferenceMode const inference;
    EXPECT_TRUE(feed_forward(inputs[0], weights).rows.equal(with));
}

TEST_P(Products, FeedForwardAgreesWithSeparateOperators) {
    auto const [rows, in, out, onednn] = GetParam();
    OneDnn const choice(onednn);
    std::vector<std::vector<std::int64_t>> const shapes{
        {rows, in}, {out, in}, {out}, {in, out}, {in}};
    auto const ours = leaves(shapes);
    auto const theirs = leaves(shapes);
    auto const scaled = [](std::vector<torch::Tensor> const& x) { return x[0] * 0.05; };
    auto const product = feed_forward(scaled(ours), {ours[1], ours[2], ours[3], ours[4]});
    auto const result = product.rows + product.bias;
    auto const expected = at::linear(at::gelu(at::linear(scaled(theirs), theirs[1], theirs[2])),
                                     theirs[3], theirs[4]);
    expect_agreement(result, ours, expected, theirs, 0.01);
}

TEST_P(Products, GoIntoAPartOfAnotherMatrix) {
    auto const [rows, in, out, onednn] = GetParam();
    OneDnn const choice(onednn);
    auto const a = torch::randn({rows, out});
    auto const b = torch::randn({rows, in});
    auto const whole = torch::full({out + 2, in}, 7.0);
    transposed_times_into(whole.narrow(0, 1, out), a, b);
    EXPECT_TRUE(close(whole.narrow(0, 1, out), at::mm(a.t(), b)));
    EXPECT_TRUE(whole[0].eq(7).all().item<bool>());
    EXPECT_TRUE(whole[out + 1].eq(7).all().item<bool>());
}

TEST(Products, AFrozenWeightGetsNoGradient) {
    auto const x = torch::randn({4, 3}).requires_grad_();
    auto const weight = torch::randn({2, 3});
    linear(x, weight, torch::zeros({2})).sum().backward();
    EXPECT_TRUE(close(x.grad(), weight.sum(0).expand({4, 3})));
    EXPECT_FALSE(weight.grad().defined());
}

class Gradients : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(NewAndIntoABuffer, Gradients, testing::Bool());

TEST_P(Gradients, EmbeddingSumAgreesWithThreeEmbeddings) {
    std::vector<std::vector<std::int64_t>> const shapes{{40, 6}, {9, 6}, {2, 6}};
    auto ours = leaves(shapes);
    auto const theirs = leaves(shapes);
    if (GetParam()) {
        for (auto& table : ours) table.mutable_grad() = torch::zeros_like(table);
    }
    auto const tokens = torch::tensor({5, 39, 5, 0, 7, 5, 1, 1, 2});
    auto const columns = torch::tensor({0, 1, 2, 3, 4, 0, 1, 2, 8});
    auto const segments = torch::tensor({0, 0, 1, 1, 1, 0, 0, 0, 1});
    auto const result = embedding_sum({ours[0], tokens}, {ours[1], columns}, {ours[2], segments});
    auto const expected = at::embedding(theirs[0], tokens) + at::embedding(theirs[1], columns) +
                          at::embedding(theirs[2], segments);
    expect_agreement(result, ours, expected, theirs);
}

TEST(EmbeddingSum, AnIdOutsideItsTableIsRefused) {
    auto const table = torch::zeros({4, 2});
    auto const good = torch::tensor({0, 3});
    for (auto const id : {-1, 4}) {
        EXPECT_THROW(embedding_sum({table, torch::tensor({0, id})}, {table, good}, {table, good}),
                     base::Error);
    }
}

// 150 * 150 scores a head: two of the three heads fill a block, so there are two blocks a sequence.
TEST(Attention, PackedBlocksAgreeWithTheFusedOperator) {
    batch::Sequences sequences;
    sequences.tokens = torch::zeros({2, 150}, torch::kInt64);
    sequences.lengths = {150, 40};
    auto const layout = RowLayout::packed(sequences);
    auto const ours = torch::randn({190, 3 * 12}).requires_grad_();
    auto const theirs = ours.detach().clone().requires_grad_();
    auto const upstream = torch::randn({190, 12});
    auto const result = attention(ours, layout, 3, {}, 0);
    result.backward(upstream);
    std::vector<torch::Tensor> parts;
    for (std::size_t b = 0; b < 2; ++b) {
        auto const length = sequences.lengths[b];
        auto const qkv = theirs.narrow(0, layout.begins()[b], length)
                             .view({length, 3, 3, 4})
                             .permute({1, 2, 0, 3});
        parts.push_back(at::scaled_dot_product_attention(qkv[0], qkv[1], qkv[2])
                            .transpose(0, 1)
                            .reshape({length, 12}));
    }
    auto const expected = torch::cat(parts);
    expected.backward(upstream);
    EXPECT_TRUE(close(result, expected));
    EXPECT_TRUE(close(ours.grad(), theirs.grad()));
}

// Each sequence is one thread's work, in the modes of the caller: a worker that did not know of
// them refused to write into what inference made.
TEST(Attention, IsTheSameOnOneThreadAndTwoAlsoInInferenceMode) {
    batch::Sequences sequences;
    sequences.tokens = torch::zeros({3, 20}, torch::kInt64);
    sequences.lengths = {20, 7, 13};
    auto const layout = RowLayout::packed(sequences);
    auto const rows = torch::randn({40, 3 * 12});
    auto const upstream = torch::randn({40, 12});
    auto const threads = at::get_num_threads();
    std::vector<torch::Tensor> results;
    std::vector<torch::Tensor> gradients;
    for (int const count : {1, 2}) {
        at::set_num_threads(count);
        auto const input = rows.clone().requires_grad_();
        results.push_back(attention(input, layout, 3, {}, 0));
        results.back().backward(upstream);
        gradients.push_back(input.grad());
        torch::InferenceMode const inference;
        results.push_back(attention(rows.clone(), layout, 3, {}, 0));
    }
    at::set_num_threads(threads);
    for (auto const& result : results) EXPECT_TRUE(at::equal(result, results[0]));
    EXPECT_TRUE(at::equal(gradients[0], gradients[1]));
}

}  // namespace
}  // namespace tessera::model
