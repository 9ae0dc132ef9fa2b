// The reference's own training runs (ET-BERT's trainer, float32) are the oracle for the whole loop:
// objective, accumulation, schedule, optimizer. Tolerances are ten times its float32 noise.
#include "../model/reference_tensors.hpp"
#include "classifier_objective.hpp"
#include "graph_recorder.hpp"
#include "pretrain_objective.hpp"
#include "snapshot.hpp"
#include "trainer.hpp"

#include <cstdint>
#include <set>

#include <gtest/gtest.h>
#include <scratch.hpp>

#include <tessera/model/bert_classifier.hpp>
#include <tessera/report/metrics.hpp>

namespace tessera::train {
namespace {

using namespace test;

constexpr double weight_tolerance = 1e-5;
constexpr double loss_tolerance = 1e-5;

SafetensorsFixture fixture(std::string const& name) {
    return SafetensorsFixture(*shared_folder() / "reference" / name);
}

/// The reference's optimizer and schedule.
LoopConfig reference_loop(std::filesystem::path const& run, std::int64_t micro_batch_size) {
    LoopConfig config;
    config.run = run;
    config.micro_batch_size = micro_batch_size;
    config.global_batch_size = 6;
    config.train_iters = 10;
    config.lr = 1e-3;
    config.lr_warmup_fraction = 0.1;
    config.weight_decay = 0;
    config.adam_eps = 1e-6;
    config.adam_bias_correction = false;
    config.clip_grad = 0;
    config.log_interval = 1;
    config.eval_interval = 0;  // nothing is held out
    config.precision = "fp32";
    return config;
}

void expect_weights(SafetensorsFixture const& file, std::string const& prefix,
                    torch::nn::Module const& module) {
    for (auto const& item : module.named_parameters()) {
        auto const theirs = reference_tensor(file, prefix, item.key());
        EXPECT_LT(largest_difference(item.value().detach(), theirs), weight_tolerance)
            << prefix << item.key();
    }
}

/// Compares the weights before every step that the fixture holds, and lets the run end after
/// `last`.
void follow(Trainer& trainer, torch::nn::Module const& module, SafetensorsFixture const& file,
            std::int64_t first, std::int64_t last, std::set<std::int64_t>& compared) {
    trainer.stop_when([&trainer, &module, &file, &compared, first, last] {
        auto const step = trainer.steps_done();
        if (step >= first) {
            expect_weights(file, "step" + std::to_string(step) + ".", module);
            compared.insert(step);
        }
        return step == last;
    });
}

/// Sequences of a micro-batch, who computes, and whether passes are recorded as for a GPU's graph.
struct Case {
    std::int64_t rows;
    model::Kernels kernels;
    bool recorded = false;
};

class ReferenceSteps : public testing::TestWithParam<Case> {
  protected:
    void SetUp() override {
        if (!shared_folder()) GTEST_SKIP() << "no reference tensors here";
        if (comm::Communicator::world().rank() != 0) GTEST_SKIP() << "one process is enough";
        at::set_num_threads(1);
    }
};

/// Rows [begin, begin + rows) of batch `step + 1` of the file.
batch::PretrainBatch pretrain_rows(SafetensorsFixture const& file, std::int64_t step,
                                   std::int64_t begin, std::int64_t rows) {
    auto const prefix = "batch" + std::to_string(step + 1) + ".";
    auto const part = [&](char const* name) {
        return integers_of(file, prefix + name).narrow(0, begin, rows).contiguous();
    };
    batch::PretrainBatch batch;
    fill_sequences(batch, part("src"), part("seg"));
    auto const targets = part("tgt_mlm").view({-1});
    auto const masked = targets.nonzero().view({-1});
    auto const slots = torch::zeros({targets.numel()}, torch::kInt64);  // as many in each batch
    batch.masked_count = masked.size(0);
    batch.masked_positions = slots.slice_scatter(masked, 0, 0, batch.masked_count);
    batch.masked_targets =
        slots.slice_scatter(targets.index_select(0, masked), 0, 0, batch.masked_count);
    batch.masked_weights = torch::arange(targets.numel()).lt(batch.masked_count).to(torch::kFloat);
    batch.same_origin = part("tgt_sp");
    batch.device_lengths = torch::tensor(batch.lengths, torch::kInt64);
    return batch;
}

class PretrainSteps : public ReferenceSteps {};

TEST_P(PretrainSteps, FollowTheReferenceTenTimes) {
    test::Scratch const folder;
    auto const start = fixture("etbert_pretrain_forward.safetensors");
    auto const steps = fixture("etbert_pretrain_steps.safetensors");
    model::PretrainModel model(reference_config());
    load_reference_weights(start, *model);
    model->encoder()->set_kernels(GetParam().kernels);
    PretrainObjective objective(
        model, {.masked = 0.1, .same_origin = 1},
        [&](std::int64_t step) {
            std::vector<batch::PretrainBatch> batches;
            for (std::int64_t row = 0; row < 6; row += GetParam().rows)
                batches.push_back(pretrain_rows(steps, step, row, GetParam().rows));
            return batches;
        },
        [](auto const&) {});
    int replays = 0;
    if (GetParam().recorded) {
        objective.record_passes(std::make_unique<test::GraphRecorder>(replays));
    }
    auto const config = reference_loop(folder / "run", GetParam().rows);
    Trainer trainer({}, objective, config, {"test", "", "", {}});
    std::set<std::int64_t> compared;
    follow(trainer, *model, steps, 2, -1, compared);
    trainer.run();
    expect_weights(steps, "step10.", *model);
    EXPECT_EQ(compared, (std::set<std::int64_t>{2, 3, 4, 5, 6, 7, 8, 9}));
    EXPECT_EQ(replays > 0, GetParam().recorded);

    auto const moments = fixture("etbert_pretrain_adam_step10.safetensors");
    auto const saved = checkpoint::open_checkpoint(config.run / "checkpoints/step-10");
    for (auto const& item : model->named_parameters()) {
        auto const first = saved.optimizer.read("exp_avg." + item.key());
        auto const second = saved.optimizer.read("exp_avg_sq." + item.key());
        auto const theirs = reference_tensor(moments, "exp_avg_sq.", item.key());
        EXPECT_LT(largest_difference(first, reference_tensor(moments, "exp_avg.", item.key())),
                  2e-6)
            << item.key();
        EXPECT_TRUE(((second - theirs).abs() <= 1e-4 * theirs + 1e-11).all().item<bool>())
            << item.key();
    }
    auto const rows = report::read_metrics(base::read_text(config.run / "metrics.jsonl"));
    ASSERT_EQ(rows.size(), 10U);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        EXPECT_NEAR(*rows[i].value("mlm_loss"), steps.floats("loss_mlm")[i], loss_tolerance);
        EXPECT_NEAR(*rows[i].value("sop_loss"), steps.floats("loss_sp")[i], loss_tolerance);
        EXPECT_NEAR(*rows[i].value("loss"), steps.floats("loss_total")[i], loss_tolerance);
    }
}

batch::ClassifierBatch classifier_rows(SafetensorsFixture const& file, std::int64_t begin,
                                       std::int64_t rows) {
    auto const part = [&](char const* name) {
        return integers_of(file, name).narrow(0, begin, rows).contiguous();
    };
    batch::ClassifierBatch batch;
    fill_sequences(batch, part("train.src"), part("train.seg"));
    batch.labels = part("train.tgt");
    batch.labelled = rows;
    return batch;
}

TEST_P(ReferenceSteps, FineTuningFollowsFiveSteps) {
    test::Scratch const folder;
    auto const start = fixture("etbert_classifier_forward.safetensors");
    auto const steps = fixture("etbert_classifier_steps.safetensors");
    model::BertClassifier model(reference_config(), 5);
    load_reference_weights(start, *model);
    model->encoder()->set_kernels(GetParam().kernels);
    ClassifierObjective objective(
        model.ptr(), std::vector<double>(5, 1.0),
        [&](std::int64_t step) {
            std::vector<batch::ClassifierBatch> batches;
            for (std::int64_t row = 0; row < 6; row += GetParam().rows)
                batches.push_back(classifier_rows(steps, 6 * step + row, GetParam().rows));
            return batches;
        },
        [](auto const&) {});
    auto config = reference_loop(folder / "run", GetParam().rows);
    config.train_iters = 6;  // the reference plans six steps and has rows for five
    Trainer trainer({}, objective, config, {"test", "", "", {}});
    std::set<std::int64_t> compared;
    follow(trainer, *model, steps, 2, 5, compared);
    EXPECT_THROW(trainer.run(), comm::AgreedError);
    EXPECT_EQ(compared, (std::set<std::int64_t>{2, 3, 4, 5}));
    auto const rows = report::read_metrics(base::read_text(config.run / "metrics.jsonl"));
    ASSERT_EQ(rows.size(), 5U);
    for (std::size_t i = 0; i < rows.size(); ++i)
        EXPECT_NEAR(*rows[i].value("loss"), steps.floats("loss")[i], loss_tolerance);
}

std::string name_of(testing::TestParamInfo<Case> const& run) {
    return std::to_string(run.param.rows) +
           (run.param.kernels == model::Kernels::own ? "Own" : "Library") +
           (run.param.recorded ? "Recorded" : "");
}

/// One micro-batch a step as in the reference, and three that are accumulated.
INSTANTIATE_TEST_SUITE_P(MicroBatches, ReferenceSteps,
                         testing::Values(Case{6, model::Kernels::own}, Case{2, model::Kernels::own},
                                         Case{6, model::Kernels::library},
                                         Case{2, model::Kernels::library}),
                         name_of);
INSTANTIATE_TEST_SUITE_P(MicroBatches, PretrainSteps,
                         testing::Values(Case{6, model::Kernels::own}, Case{2, model::Kernels::own},
                                         Case{6, model::Kernels::library},
                                         Case{2, model::Kernels::library},
                                         Case{2, model::Kernels::library, true}),
                         name_of);

}  // namespace
}  // namespace tessera::train
