#include <gtest/gtest.h>

#include <tessera/base/error.hpp>
#include <tessera/model/pretrain_model.hpp>
#include <tessera/train/plan.hpp>

namespace tessera::train {
namespace {

std::int64_t counted(model::BertConfig const& config) {
    std::int64_t count = 0;
    model::PretrainModel model(config);
    for (auto const& parameter : model->parameters()) count += parameter.numel();
    return count;
}

TEST(Plan, CountsTheParametersOfTheModel) {
    model::BertConfig config{.layers = 2, .hidden = 32, .heads = 2, .feed_forward = 100};
    EXPECT_EQ(parameter_count(config), counted(config));
    config.tied_embeddings = false;
    config.segments = 3;
    config.vocabulary = 1000;
    EXPECT_EQ(parameter_count(config), counted(config));
}

// BERT-base on 128 ids, 20 of them predicted, vocabulary 60,005, by hand: 59.8 GFLOP of eleven
// layers and 0.9 + 0.7 of the last for keys and values and for 21 rows, 1.7 of attention, 5.6 of
// the head; the padded vocabulary and the pair head are worth less than 0.1 %.
TEST(Plan, CountsTheOperationsOfTheReference) {
    model::BertConfig const config{
        .layers = 12, .hidden = 768, .heads = 12, .feed_forward = 3072, .vocabulary = 60'005};
    EXPECT_NEAR(sequence_flops(config, 128, 20), 68.7e9, 0.1e9);
    EXPECT_NEAR(sequence_flops(config, 512, 77), 294.1e9, 0.5e9);
}

PretrainConfig reference() {
    PretrainConfig config;
    config.model = {.layers = 12, .hidden = 768, .heads = 12, .feed_forward = 3072};
    config.loop.micro_batch_size = 32;
    config.loop.global_batch_size = 256;
    config.loop.train_iters = 500'000;
    return config;
}

// 8.9e18 operations; on 8 x V100 at 40 % of 125 TFLOP/s 6.2 hours, and the update beside.
TEST(Plan, TheBillOfTheReferenceOnEightV100) {
    PlanConfig const where{.device = "v100", .gpus = 8};
    auto const plan = make_plan(reference(), where, device_rates(where));
    EXPECT_NEAR(plan.flops_per_step * 500'000, 8.87e18, 0.1e18);
    EXPECT_NEAR(plan.hours, 6.9, 0.5);
    EXPECT_EQ(plan.sequences, 128e6);
    EXPECT_EQ(plan.checkpoint_bytes, 12.0 * static_cast<double>(plan.parameters));
    double sum = 0;
    for (auto const& part : plan.memory) sum += part.bytes;
    EXPECT_EQ(total(plan.memory), sum);
}

TEST(Plan, MoreRanksTakeLessTimeAndPayForTheSum) {
    PlanConfig where{.device = "cpu", .tera_flops = 0.1};
    DeviceRates const rates{.flops = 1e11, .share = 0.75, .memory_rate = 1e10, .network_rate = 2e9};
    auto const one = make_plan(reference(), where, rates);
    where.gpus = 4;
    auto const four = make_plan(reference(), where, rates);
    EXPECT_EQ(one.reduce_seconds, 0);
    EXPECT_GT(four.reduce_seconds, 0);
    EXPECT_LT(four.seconds_per_step, one.seconds_per_step);
    EXPECT_GT(4 * four.seconds_per_step, one.seconds_per_step);
}

// LibTorch's operators work on whole rectangles [B, S].
TEST(Plan, PaddingTakesTimeOnGpusAndNoneOnACpu) {
    auto const bill = [](PretrainConfig const& config, char const* device, double fill) {
        PlanConfig const where{.device = device, .store_fill = fill};
        DeviceRates const rates{
            .flops = 1e12, .share = 0.5, .memory_rate = 1e11, .network_rate = 1e10};
        return make_plan(config, where, rates);
    };
    for (auto const* gpu : {"v100", "cuda"}) {
        EXPECT_EQ(bill(reference(), gpu, 0.5).seconds_per_step,
                  bill(reference(), gpu, 1).seconds_per_step);
        EXPECT_EQ(bill(reference(), gpu, 0.5).tokens, 0.5 * bill(reference(), gpu, 1).tokens);
    }
    EXPECT_LT(bill(reference(), "cpu", 0.5).seconds_per_step,
              0.6 * bill(reference(), "cpu", 1).seconds_per_step);
    auto library = reference();
    library.kernels = "library";
    EXPECT_EQ(bill(library, "cpu", 0.5).seconds_per_step, bill(library, "cpu", 1).seconds_per_step);
}

TEST(Plan, RefusesAnUnknownDeviceAndNoDevices) {
    EXPECT_THROW(device_rates({.device = "abacus"}), base::Error);
    EXPECT_THROW(make_plan(reference(), {.gpus = 0}, {}), base::Error);
}

}  // namespace
}  // namespace tessera::train
