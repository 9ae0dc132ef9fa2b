// The reference's own numbers (ET-BERT's trainer, float32) are the oracle. Tolerances are ten times
// the rounding noise of the reference against its own float64 rerun.
#include "layers.hpp"
#include "reference_tensors.hpp"
#include "scratch.hpp"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <tessera/model/bert_classifier.hpp>
#include <tessera/model/pretrain_model.hpp>

namespace tessera::model {
namespace {

using namespace test;

constexpr double activation_tolerance = 2e-5;
constexpr double loss_tolerance = 2e-6;
constexpr double gradient_tolerance = 2e-6;

SafetensorsFixture fixture(std::string const& name) {
    return SafetensorsFixture(*shared_folder() / "reference" / name);
}

batch::PretrainBatch pretrain_batch(SafetensorsFixture const& file) {
    batch::PretrainBatch batch;
    fill_sequences(batch, integers_of(file, "input.src"), integers_of(file, "input.seg"));
    auto const targets = integers_of(file, "input.tgt_mlm").view({-1});
    batch.masked_positions = targets.nonzero().view({-1});
    batch.masked_targets = targets.index_select(0, batch.masked_positions);
    batch.masked_count = batch.masked_positions.size(0);
    batch.masked_weights = torch::ones({batch.masked_count});
    batch.same_origin = integers_of(file, "input.tgt_sp");
    return batch;
}

batch::ClassifierBatch classifier_batch(SafetensorsFixture const& file) {
    batch::ClassifierBatch batch;
    fill_sequences(batch, integers_of(file, "input.src"), integers_of(file, "input.seg"));
    batch.labels = integers_of(file, "input.tgt");
    batch.labelled = batch.labels.size(0);
    return batch;
}

/// Largest difference over places that are no padding; over all of them when `everywhere`.
double difference(torch::Tensor const& ours, torch::Tensor const& theirs,
                  batch::Sequences const& batch, bool everywhere) {
    auto const shown = everywhere ? torch::ones_like(batch.segments) : batch.segments.gt(0);
    auto const weights = shown.unsqueeze(-1).to(torch::kFloat);
    return largest_difference(ours * weights, theirs * weights);
}

void expect_gradients(SafetensorsFixture const& file, torch::nn::Module& model) {
    for (auto const& parameter : model.named_parameters()) {
        ASSERT_TRUE(parameter.value().grad().defined()) << parameter.key();
        auto const theirs = reference_tensor(file, "grad.", parameter.key());
        EXPECT_LT(largest_difference(parameter.value().grad(), theirs), gradient_tolerance)
            << parameter.key();
    }
}

class Parity : public testing::TestWithParam<Kernels> {
  protected:
    void SetUp() override {
        if (!shared_folder()) GTEST_SKIP() << "no reference tensors here";
    }
    bool everywhere() const { return GetParam() == Kernels::library; }
};

TEST_P(Parity, PretrainingActivations) {
    auto const file = fixture("etbert_pretrain_forward.safetensors");
    auto const batch = pretrain_batch(file);
    PretrainModel model(reference_config());
    load_reference_weights(file, *model);
    model->encoder()->set_kernels(GetParam());
    auto const outputs = model->encoder()->forward_all(batch);
    std::vector<std::string> const names = {"out.embedding.out", "out.layer0.out",
                                            "out.layer1.out"};
    for (std::size_t i = 0; i < names.size(); ++i) {
        EXPECT_LT(difference(outputs[i].unpacked(), floats_of(file, names[i]), batch, everywhere()),
                  activation_tolerance)
            << names[i];
    }
    auto const logits = model->masked_logits(outputs.back(), batch.masked_positions);
    EXPECT_LT(largest_difference(logits, floats_of(file, "out.mlm.logits")), activation_tolerance);
    EXPECT_LT(largest_difference(model->same_origin_logits(outputs.back()),
                                 floats_of(file, "out.sbp.logits")),
              activation_tolerance);
}

TEST_P(Parity, PretrainingLossesAndGradients) {
    auto const file = fixture("etbert_pretrain_forward.safetensors");
    auto const batch = pretrain_batch(file);
    PretrainModel model(reference_config());
    load_reference_weights(file, *model);
    model->encoder()->set_kernels(GetParam());
    auto const output = model(batch);
    auto const mlm = output.mlm_loss_sum / batch.masked_count;
    auto const same_origin = output.same_origin_loss_sum / batch.size();
    auto const total = mlm / 10 + same_origin;
    EXPECT_NEAR(mlm.item<double>(), file.floats("out.loss_mlm")[0], loss_tolerance);
    EXPECT_NEAR(same_origin.item<double>(), file.floats("out.loss_sp")[0], loss_tolerance);
    EXPECT_NEAR(total.item<double>(), file.floats("out.loss_total")[0], loss_tolerance);
    EXPECT_EQ(output.mlm_correct.item<std::int64_t>(), file.integers("out.correct_mlm")[0]);
    EXPECT_EQ(output.same_origin_correct.item<std::int64_t>(), file.integers("out.correct_sp")[0]);
    total.backward();
    expect_gradients(file, *model);
}

TEST_P(Parity, ClassifierLogitsLossAndGradients) {
    auto const file = fixture("etbert_classifier_forward.safetensors");
    auto const batch = classifier_batch(file);
    BertClassifier model(reference_config(), 5);
    load_reference_weights(file, *model);
    model->encoder()->set_kernels(GetParam());
    auto const encoded = model->encoder()->forward(batch).unpacked();
    EXPECT_LT(difference(encoded, floats_of(file, "out.encoder.out"), batch, everywhere()),
              activation_tolerance);
    auto const output = model(batch);
    EXPECT_LT(largest_difference(output.logits, floats_of(file, "out.logits")),
              activation_tolerance);
    auto const loss = output.loss_sum / batch.labelled;
    EXPECT_NEAR(loss.item<double>(), file.floats("out.loss")[0], loss_tolerance);
    loss.backward();
    expect_gradients(file, *model);
}

INSTANTIATE_TEST_SUITE_P(ByKernels, Parity, testing::Values(Kernels::own, Kernels::library),
                         [](auto const& kernels) {
                             return kernels.param == Kernels::own ? "Own" : "Library";
                         });

class ParityOfOperators : public Parity {};

TEST_P(ParityOfOperators, OddMasks) {
    auto const ops = fixture("etbert_ops.safetensors");
    PretrainModel model(reference_config());
    load_reference_weights(fixture("etbert_pretrain_forward.safetensors"), *model);
    auto const ours =
        model->encoder()->transform(floats_of(ops, "mask.embedding"), integers_of(ops, "mask.seg"));
    auto const theirs = floats_of(ops, "mask.encoder_out");
    // Sequence 0 is all padding: its scores carry -10000 and keep three digits.
    EXPECT_LT(largest_difference(ours[0], theirs[0]), 2e-3);
    EXPECT_LT(largest_difference(ours.narrow(0, 1, 3), theirs.narrow(0, 1, 3)),
              activation_tolerance);
}

TEST_P(ParityOfOperators, UnbiasedLayerNorm) {
    auto const ops = fixture("etbert_ops.safetensors");
    Norm norm(reference_config());
    {
        torch::NoGradGuard const no_gradient;
        norm->weight.copy_(floats_of(ops, "ln.gamma"));
        norm->bias.copy_(floats_of(ops, "ln.beta"));
    }
    auto const x = floats_of(ops, "ln.x").requires_grad_();
    auto const y = norm(x);
    y.backward(floats_of(ops, "ln.dy"));
    auto const y_theirs = floats_of(ops, "ln.y");
    auto const dx_theirs = floats_of(ops, "ln.dx");
    for (std::int64_t row = 0; row < 6; ++row) {
        // Row 2 has an offset of 1000 and cancels; rows 1 and 4 have gradients of 3e4 and 2e6.
        EXPECT_LT(largest_difference(y[row], y_theirs[row]), row == 2 ? 5e-4 : 5e-6) << row;
        auto const largest = dx_theirs[row].abs().max().item<double>();
        EXPECT_LT(largest_difference(x.grad()[row], dx_theirs[row]), 1e-5 * largest) << row;
    }
    auto const constant = torch::full({1, 48}, 3.0F).requires_grad_();
    norm(constant).sum().backward();
    EXPECT_TRUE(torch::isfinite(constant.grad()).all().item<bool>());
}

TEST_P(ParityOfOperators, GeluInErfForm) {
    auto const ops = fixture("etbert_ops.safetensors");
    auto const x = floats_of(ops, "gelu.x").requires_grad_();
    auto const y = at::gelu(x);
    y.sum().backward();
    EXPECT_LT(largest_difference(y, floats_of(ops, "gelu.y")), 1e-6);
    EXPECT_LT(largest_difference(x.grad(), floats_of(ops, "gelu.dx")), 1e-6);
}

/// A planted error must be seen: the other layer norm is off by far more than the tolerance.
TEST_P(ParityOfOperators, StandardLayerNormIsSeenAsWrong) {
    auto const file = fixture("etbert_pretrain_forward.safetensors");
    auto const batch = pretrain_batch(file);
    auto config = reference_config();
    config.layer_norm = "standard";
    PretrainModel model(config);
    load_reference_weights(file, *model);
    auto const ours = model->encoder()->forward(batch).unpacked();
    EXPECT_GT(difference(ours, floats_of(file, "out.layer1.out"), batch, false), 1e-2);
}

INSTANTIATE_TEST_SUITE_P(Once, ParityOfOperators, testing::Values(Kernels::own),
                         [](auto const&) { return "Own"; });

}  // namespace
}  // namespace tessera::model
