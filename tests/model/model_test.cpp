#include "scratch.hpp"
#include "tiny_batches.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <tessera/base/error.hpp>
#include <tessera/model/bert_classifier.hpp>
#include <tessera/model/initial_weights.hpp>
#include <tessera/model/pretrain_model.hpp>

namespace tessera::model {
namespace {

using namespace test;

double largest_difference(torch::Tensor const& a, torch::Tensor const& b) {
    return (a - b).abs().max().item<double>();
}

torch::Tensor gradient_of(torch::nn::Module const& model, std::string const& name) {
    return model.named_parameters()[name].grad();
}

PretrainModel initialised(BertConfig const& config) {
    PretrainModel model(config);
    initialise(*model, 7, 0.1);
    return model;
}

TEST(Model, LossSumsAddUpOverMicroBatchesInTrainingMode) {
    auto model = initialised(tiny_config());
    auto const whole = tiny_pretrain_batch({9, 4, 12, 7});
    auto const all = model(whole);
    auto const first = model(part_of(whole, 0, 2));
    auto const second = model(part_of(whole, 2, 2));
    EXPECT_NEAR(all.mlm_loss_sum.item<double>(),
                (first.mlm_loss_sum + second.mlm_loss_sum).item<double>(), 1e-3);
    EXPECT_NEAR(all.same_origin_loss_sum.item<double>(),
                (first.same_origin_loss_sum + second.same_origin_loss_sum).item<double>(), 1e-4);
}

TEST(Model, OwnAndLibraryKernelsGiveTheSameLossesAndGradients) {
    auto config = tiny_config();
    config.dropout = 0;  // LibTorch's operators draw from its generator
    config.attention_dropout = 0;
    auto const batch = tiny_pretrain_batch({9, 4, 12, 7});
    auto packed = initialised(config);
    auto padded = initialised(config);
    packed->encoder()->set_kernels(Kernels::own);
    padded->encoder()->set_kernels(Kernels::library);
    for (auto* model : {&packed, &padded}) {
        auto const output = (*model)(batch);
        (output.mlm_loss_sum + output.same_origin_loss_sum).backward();
    }
    for (auto const& parameter : packed->named_parameters()) {
        EXPECT_LT(
            largest_difference(parameter.value().grad(), gradient_of(*padded, parameter.key())),
            2e-4)
            << parameter.key();
    }
}

/// Largest relative error of a gradient, tensor by tensor, of the model rounded to a half type.
double half_error(at::ScalarType type) {
    auto config = tiny_config();
    config.dropout = 0;
    config.attention_dropout = 0;
    auto const batch = tiny_pretrain_batch({9, 4, 12, 7});
    auto whole = initialised(config);
    auto half = initialised(config);
    half->to(type);
    EXPECT_EQ(half->encoder()->kernels(), Kernels::library);
    double largest = 0;
    for (auto* model : {&whole, &half}) {
        auto const output = (*model)(batch);
        EXPECT_EQ(output.mlm_loss_sum.scalar_type(), torch::kFloat);
        (output.mlm_loss_sum + output.same_origin_loss_sum).backward();
    }
    for (auto const& parameter : whole->named_parameters()) {
        auto const theirs = parameter.value().grad();
        auto const ours = gradient_of(*half, parameter.key()).to(torch::kFloat);
        if (theirs.norm().item<double>() < 0.1) continue;  // biases of keys: 0 but for rounding
        largest = std::max(largest, ((ours - theirs).norm() / theirs.norm()).item<double>());
    }
    return largest;
}

// A gradient has come through about 30 roundings of weights and activations, each off by at most
// half a unit in the last place: 2^-9 in bfloat16, 2^-12 in float16. They add up at random, to
// sqrt(30) of them, and post-norm layers with 32 columns magnify that by up to 4.
TEST(Model, HalfTypesFollowFloat32WithinTheirRounding) {
    auto const expected = std::sqrt(30.0) * 4;
    auto const bfloat16 = half_error(torch::kBFloat16);
    auto const float16 = half_error(torch::kHalf);
    EXPECT_LT(bfloat16, expected * 0x1p-9);
    EXPECT_LT(float16, expected * 0x1p-12);
    EXPECT_GT(bfloat16, 0x1p-12);  // it did round
}

TEST(Model, LibraryDropoutComesFromTheGeneratorOfTheDevice) {
    auto model = initialised(tiny_config());
    model->encoder()->set_kernels(Kernels::library);
    auto const batch = tiny_pretrain_batch({9, 4});
    auto const loss = [&](std::uint64_t seed) {
        torch::manual_seed(seed);
        return model(batch).mlm_loss_sum.item<double>();
    };
    EXPECT_EQ(loss(1), loss(1));
    EXPECT_NE(loss(1), loss(2));
}

TEST(Model, DropoutIsAFunctionOfSeedAndKeyAndOffInEvaluation) {
    auto model = initialised(tiny_config());
    auto batch = tiny_pretrain_batch({9, 4});
    auto const once = model->encoder()->forward(batch).rows;
    EXPECT_TRUE(once.equal(model->encoder()->forward(batch).rows));
    batch.keys[0] += 1;
    auto const other = model->encoder()->forward(batch).rows;
    EXPECT_FALSE(once.narrow(0, 0, 9).equal(other.narrow(0, 0, 9)));
    EXPECT_LT(largest_difference(once.narrow(0, 9, 4), other.narrow(0, 9, 4)), 1e-6);
    model->encoder()->set_dropout_seed(1);
    EXPECT_FALSE(other.equal(model->encoder()->forward(batch).rows));
    model->eval();
    auto const plain = model->encoder()->forward(batch).rows;
    model->encoder()->set_dropout_seed(2);
    EXPECT_TRUE(plain.equal(model->encoder()->forward(batch).rows));
}

TEST(Model, GradientsAgreeWithFiniteDifferencesUnderDropout) {
    auto model = initialised(tiny_config());
    auto const batch = tiny_pretrain_batch({9, 4, 12});
    auto const loss = [&] {
        auto const output = model(batch);
        return output.mlm_loss_sum + output.same_origin_loss_sum;
    };
    loss().backward();
    for (auto const& parameter : model->named_parameters()) {
        torch::NoGradGuard const no_gradient;
        auto weight = parameter.value();
        auto const gradient = weight.grad();
        auto const norm = gradient.norm();
        if (norm.item<double>() < 1e-3) continue;
        auto const direction = gradient / norm;
        constexpr double step = 2e-2;
        weight.add_(direction, step);
        auto const above = loss().item<double>();
        weight.sub_(direction, 2 * step);
        auto const below = loss().item<double>();
        weight.add_(direction, step);
        auto const slope = (above - below) / (2 * step);
        EXPECT_NEAR(slope / norm.item<double>(), 1.0, 0.03) << parameter.key();
    }
}

TEST(Model, NoParameterIsHeldTwiceWhenEmbeddingsAreTied) {
    auto model = initialised(tiny_config());
    std::set<void const*> storages;
    for (auto const& parameter : model->named_parameters()) {
        EXPECT_TRUE(storages.insert(parameter.value().data_ptr()).second) << parameter.key();
    }
    auto untied = tiny_config();
    untied.tied_embeddings = false;
    EXPECT_EQ(initialised(untied)->named_parameters().size(), model->named_parameters().size() + 1);
}

TEST(Model, ParametersMayMoveIntoOneFlatBuffer) {
    auto model = initialised(tiny_config());
    auto const batch = tiny_pretrain_batch({9, 4});
    auto const before = model(batch).mlm_loss_sum.item<double>();
    std::int64_t total = 0;
    for (auto const& parameter : model->parameters()) total += parameter.numel();
    auto const weights = torch::empty({total});
    auto const gradients = torch::zeros({total});
    std::int64_t offset = 0;
    for (auto parameter : model->parameters()) {
        auto const shape = parameter.sizes().vec();
        auto const place = weights.narrow(0, offset, parameter.numel()).view(shape);
        place.copy_(parameter.detach());
        parameter.set_data(place);
        parameter.mutable_grad() = gradients.narrow(0, offset, parameter.numel()).view(shape);
        offset += parameter.numel();
    }
    auto const output = model(batch);
    EXPECT_EQ(output.mlm_loss_sum.item<double>(), before);
    output.mlm_loss_sum.backward();
    EXPECT_GT(gradients.norm().item<double>(), 0);
    for (auto const& parameter : model->parameters()) {
        EXPECT_TRUE(parameter.grad().is_alias_of(gradients));
    }
}

TEST(Model, ABatchWithoutMaskedPlacesHasLossZero) {
    auto model = initialised(tiny_config());
    auto batch = tiny_pretrain_batch({9, 4});
    batch.masked_count = 0;
    batch.masked_positions.zero_();
    batch.masked_weights.zero_();
    auto const output = model(batch);
    EXPECT_EQ(output.mlm_loss_sum.item<double>(), 0);
    output.mlm_loss_sum.backward();
    EXPECT_EQ(gradient_of(*model, "masked.bias").abs().sum().item<double>(), 0);
}

TEST(Model, TooLongSequencesAreRefused) {
    auto config = tiny_config();
    config.positions = 8;
    auto model = initialised(config);
    EXPECT_THROW(model(tiny_pretrain_batch({9})), base::Error);
}

TEST(Classifier, SharesPretrainedNamesAndStartValuesWithThePretrainModel) {
    auto const pretrained = initialised(tiny_config());
    BertClassifier classifier(tiny_config(), 3);
    initialise(*classifier, 7, 0.1);
    auto const names = pretrained->named_parameters();
    std::size_t shared = 0;
    for (auto const& parameter : classifier->named_parameters()) {
        auto const* const same = names.find(parameter.key());
        if (same == nullptr) continue;
        EXPECT_TRUE(same->equal(parameter.value())) << parameter.key();
        ++shared;
    }
    EXPECT_EQ(shared, pretrained->encoder()->parameters().size());
}

/// An encoder's rows at `places` and their gradients: cut out of the whole, and computed alone.
struct Chosen {
    torch::Tensor rows;
    std::vector<torch::Tensor> gradients;
};

Chosen chosen_rows(BertEncoder& encoder, batch::Sequences const& batch, torch::Tensor const& places,
                   bool alone) {
    encoder->zero_grad();
    auto const rows =
        alone ? encoder->rows_at(batch, places) : encoder->forward(batch).rows_at(places);
    auto const slopes = torch::arange(rows.numel()).view_as(rows).remainder(7).sub(3) * 0.1;
    (rows * slopes).sum().backward();
    Chosen result{rows.detach(), {}};
    for (auto const& parameter : encoder->parameters()) {
        result.gradients.push_back(parameter.grad().clone());
    }
    return result;
}

// Places in no order, one of them twice, one sequence with none; sums are taken in another order.
TEST(Encoder, ChosenRowsAndTheirGradientsAreThoseOfTheWhole) {
    auto config = tiny_config();
    BertEncoder encoder(config);
    initialise(*encoder, 7, 0.1);
    auto const batch = tiny_classifier_batch({9, 4, 1, 16}, {0, 1, 2, 0});
    auto const places = torch::tensor({51, 0, 48, 8, 3, 63, 32, 8}, torch::kInt64);
    for (bool const drops : {false, true}) {
        encoder->train(drops);
        auto const whole = chosen_rows(encoder, batch, places, /*alone=*/false);
        auto const alone = chosen_rows(encoder, batch, places, /*alone=*/true);
        EXPECT_LT(largest_difference(alone.rows, whole.rows), 2e-6);
        for (std::size_t i = 0; i < whole.gradients.size(); ++i) {
            EXPECT_LT(largest_difference(alone.gradients[i], whole.gradients[i]),
                      2e-5 * (1 + whole.gradients[i].abs().max().item<double>()))
                << encoder->named_parameters().keys()[i];
        }
    }
    encoder->eval();
    encoder->set_kernels(Kernels::own);
    auto const own = encoder->rows_at(batch, places).detach();
    encoder->set_kernels(Kernels::library);
    EXPECT_LT(largest_difference(encoder->rows_at(batch, places), own), 2e-6);
}

TEST(Classifier, UnlabelledSequencesCountForNothing) {
    BertClassifier model(tiny_config(), 3);
    initialise(*model, 7, 0.1);
    model->eval();
    auto batch = tiny_classifier_batch({9, 4, 12}, {1, -1, 2});
    auto const labelled = model(batch);
    batch.tokens[1] = 9;  // the unlabelled one
    EXPECT_EQ(labelled.loss_sum.item<double>(), model(batch).loss_sum.item<double>());
    auto const expected =
        -(labelled.logits.log_softmax(1)[0][1] + labelled.logits.log_softmax(1)[2][2]);
    EXPECT_NEAR(labelled.loss_sum.item<double>(), expected.item<double>(), 1e-5);
}

TEST(Classifier, AFrozenEncoderGetsNoGradientAndNoDropout) {
    BertClassifier model(tiny_config(), 3);
    initialise(*model, 7, 0.1);
    model->freeze_encoder();
    model->train();
    EXPECT_FALSE(model->encoder()->is_training());
    model(tiny_classifier_batch({9, 4}, {1, 0})).loss_sum.backward();
    EXPECT_FALSE(gradient_of(*model, "encoder.embedding.token").defined());
    EXPECT_TRUE(gradient_of(*model, "head.output.weight").defined());
}

TEST(InitialWeights, DependOnSeedAndNameAlone) {
    auto const a = initialised(tiny_config());
    auto const b = initialised(tiny_config());
    PretrainModel other(tiny_config());
    initialise(*other, 8, 0.1);
    auto const name = std::string("encoder.layer1.qkv.weight");
    EXPECT_TRUE(a->named_parameters()[name].equal(b->named_parameters()[name]));
    EXPECT_FALSE(a->named_parameters()[name].equal(other->named_parameters()[name]));
    EXPECT_FALSE(
        a->named_parameters()[name].equal(a->named_parameters()["encoder.layer0.qkv.weight"]));
    EXPECT_NEAR(a->named_parameters()[name].std().item<double>(), 0.1, 0.01);
    EXPECT_TRUE(
        a->named_parameters()["encoder.layer0.attention_norm.weight"].eq(1).all().item<bool>());
    EXPECT_TRUE(a->named_parameters()["masked.bias"].eq(0).all().item<bool>());
}

TEST(BertConfig, RefusesWhatMakesNoModel) {
    for (auto const& [key, value] :
         std::vector<std::pair<std::string, std::string>>{{"model.heads", "3"},
                                                          {"model.layers", "0"},
                                                          {"model.dropout", "1.0"},
                                                          {"model.hidden", "-4"},
                                                          {"model.layer_norm_eps", "0"}}) {
        auto config = tiny_config();
        base::OptionTable options;
        describe(options, config);
        options.set(key, value, "test");
        EXPECT_THROW(check(config), base::Error) << key;
    }
}

TEST(BertConfig, NamedSizesAreModels) {
    for (auto const& [name, layers, hidden] :
         std::vector<std::tuple<std::string, std::int64_t, std::int64_t>>{
             {"tiny", 2, 128}, {"small", 4, 256}, {"base", 12, 768}}) {
        BertConfig config;
        base::OptionTable options;
        describe(options, config);
        base::read_config_file(options, TESSERA_SOURCE_DIR "/configs/model/" + name + ".toml");
        EXPECT_NO_THROW(check(config));
        EXPECT_EQ(config.layers, layers);
        EXPECT_EQ(config.hidden, hidden);
        EXPECT_EQ(config.padded_vocabulary(), 65'600);
    }
}

}  // namespace
}  // namespace tessera::model
