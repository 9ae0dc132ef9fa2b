#include <fstream>

#include <gtest/gtest.h>
#include <scratch.hpp>

#include <tessera/base/error.hpp>
#include <tessera/train/control_runs.hpp>

namespace tessera::train {
namespace {

FinetuneConfig graded_run() {
    FinetuneConfig config;
    config.init = "pretrained";
    config.epochs = 3;
    config.loop.lr = 6e-5;
    config.bundle = "elsewhere";
    return config;
}

TEST(ControlRuns, DifferFromTheGradedRunInOneConditionEach) {
    auto const runs = control_runs(graded_run(), "report.controls", 0);
    ASSERT_EQ(runs.size(), 3U);
    EXPECT_EQ(runs[0].name, "random_weights");
    EXPECT_EQ(runs[0].config.init, "none");
    EXPECT_EQ(runs[1].name, "frozen_encoder");
    EXPECT_TRUE(runs[1].config.freeze_encoder);
    EXPECT_EQ(runs[1].config.data.inputs, "tokens") << "sizes would answer in its place";
    EXPECT_GT(runs[1].config.loop.lr, runs[0].config.loop.lr);
    EXPECT_EQ(runs[2].name, "network_shuffled_labels");
    EXPECT_TRUE(runs[2].config.shuffle_labels);
    EXPECT_EQ(runs[2].config.init, "pretrained");
    for (auto const& run : runs) {
        EXPECT_EQ(run.config.loop.run, std::filesystem::path("report.controls") / run.name);
        EXPECT_TRUE(run.config.bundle.empty()) << "the model's own bundle stays";
        EXPECT_EQ(run.config.epochs, 3);
    }
}

TEST(ControlRuns, KeepToABudget) {
    for (auto const& run : control_runs(graded_run(), "folder", 40)) {
        EXPECT_EQ(run.config.loop.train_iters, 40);
        EXPECT_EQ(run.config.epochs, 0) << "epochs would count instead";
    }
}

TEST(ControlRuns, RandomWeightsAreNoControlOfThemselves) {
    auto config = graded_run();
    config.init = "none";
    auto const runs = control_runs(config, "folder", 0);
    ASSERT_EQ(runs.size(), 1U);
    EXPECT_EQ(runs[0].name, "network_shuffled_labels");
}

TEST(ControlRuns, SettingsComeFromTheRun) {
    test::Scratch const folder;
    EXPECT_THROW(read_finetune_config(folder.path()), base::Error);
    std::ofstream(folder / "config.toml")
        << "[train]\nlr = 0.25\n[model]\nhidden = 96\n[data]\nsize_packets = 7\n";
    auto const config = read_finetune_config(folder.path());
    EXPECT_EQ(config.loop.lr, 0.25);
    EXPECT_EQ(config.model.bert.hidden, 96);
    EXPECT_EQ(config.data.size_packets, 7);
}

}  // namespace
}  // namespace tessera::train
