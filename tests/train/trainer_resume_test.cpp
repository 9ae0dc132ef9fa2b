// What becomes of a run that was stopped, killed or damaged, when it goes on.
#include "shared_scratch.hpp"
#include "tiny_run.hpp"
#include "trainer.hpp"

#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <tessera/base/error.hpp>

namespace tessera::train {
namespace {

namespace fs = std::filesystem;

using test::SharedScratch;

TEST(TrainerResume, AStoppedRunGoesOnBitForBit) {
    SharedScratch const folder;
    auto const undisturbed = train(folder.comm, config_for(folder.path / "a"));
    auto const config = config_for(folder.path / "b");
    for (std::int64_t const step : {7, 10, 18}) {
        try {
            train(folder.comm, config, [&](auto&, Trainer& trainer) { stop_after(trainer, step); });
            FAIL() << "did not stop";
        } catch (comm::AgreedError const& error) {
            EXPECT_EQ(error.code(), base::ExitCode::run_again);
        }
    }
    EXPECT_EQ(train(folder.comm, config), undisturbed);
    if (!folder.comm.is_root()) return;
    EXPECT_EQ(metrics(folder.path / "a"), metrics(folder.path / "b"));
}

/// Stops in the validation of `step`: what is asked first there is whether to begin it.
void stop_in_validation(Trainer& trainer, std::int64_t step) {
    trainer.stop_when([&trainer, step, asked = 0]() mutable {
        return trainer.steps_done() == step && ++asked > 1;
    });
}

std::int64_t best_step(fs::path const& run) {
    return checkpoint::Checkpoints(base::local_files(), run / "checkpoints")
        .newest()
        ->state.best_step;
}

class TrainerResumeInValidation : public testing::TestWithParam<std::int64_t> {};

TEST_P(TrainerResumeInValidation, SavesAndValidatesFirstWhenItGoesOn) {
    SharedScratch const folder;
    auto const undisturbed = train(folder.comm, config_for(folder.path / "a"));
    auto const config = config_for(folder.path / "b");
    EXPECT_THROW(train(folder.comm, config,
                       [](auto&, Trainer& trainer) { stop_in_validation(trainer, GetParam()); }),
                 comm::AgreedError);
    if (folder.comm.is_root()) {
        auto const last = nlohmann::json::parse(metrics(config.run).back());
        EXPECT_TRUE(last["split"] == "train" || last["step"] < GetParam());
        EXPECT_TRUE(fs::exists(config.run / fmt::format("checkpoints/step-{}", GetParam())));
        // As a kill between the record and the amended checkpoint leaves it.
        std::ofstream(config.run / "metrics.jsonl", std::ios::app)
            << fmt::format(R"({{"step":{},"split":"valid","loss":0}})", GetParam()) << '\n';
    }
    comm::barrier(folder.comm);
    EXPECT_EQ(train(folder.comm, config), undisturbed);
    if (!folder.comm.is_root()) return;
    EXPECT_EQ(metrics(folder.path / "a"), metrics(folder.path / "b"));
    EXPECT_EQ(best_step(folder.path / "a"), best_step(folder.path / "b"));
}

INSTANTIATE_TEST_SUITE_P(MidwayAndAtTheEnd, TrainerResumeInValidation, testing::Values(10, 20));

// Micro-batches are dealt out anew, and summed in the same tree.
TEST(TrainerResume, GoesOnOnAnotherNumberOfRanksBitForBit) {
    SharedScratch const folder;
    auto const undisturbed = train(folder.comm, config_for(folder.path / "undisturbed"));
    auto const stopped = [](auto&, Trainer& trainer) { stop_after(trainer, 7); };
    auto const fewer = config_for(folder.path / "fewer");
    auto const more = config_for(folder.path / "more");
    EXPECT_THROW(train(folder.comm, fewer, stopped), comm::AgreedError);
    if (folder.comm.is_root()) {
        EXPECT_EQ(train(comm::Communicator(), fewer), undisturbed);
        EXPECT_THROW(train(comm::Communicator(), more, stopped), comm::AgreedError);
    }
    comm::barrier(folder.comm);
    EXPECT_EQ(train(folder.comm, more), undisturbed);
}

TEST(TrainerResume, GoesOnAfterAKillFromThePeriodicCheckpoint) {
    SharedScratch const folder;
    auto const undisturbed = train(folder.comm, config_for(folder.path / "a"));
    auto const config = config_for(folder.path / "b");
    auto const kill = [](auto&, Trainer& trainer) {
        trainer.stop_when([&trainer]() -> bool {
            if (trainer.steps_done() == 13) throw std::runtime_error("killed");
            return false;
        });
    };
    EXPECT_THROW(train(folder.comm, config, kill), std::runtime_error);
    EXPECT_EQ(train(folder.comm, config), undisturbed);
    if (!folder.comm.is_root()) return;
    EXPECT_EQ(metrics(folder.path / "a"), metrics(folder.path / "b"));
}

TEST(TrainerResume, PassesOverADamagedNewestCheckpoint) {
    SharedScratch const folder;
    auto const undisturbed = train(folder.comm, config_for(folder.path / "a"));
    auto config = config_for(folder.path / "b");
    config.save_interval = 4;
    EXPECT_THROW(
        train(folder.comm, config, [](auto&, Trainer& trainer) { stop_after(trainer, 14); }),
        comm::AgreedError);
    if (folder.comm.is_root()) {
        auto const newest = config.run / "checkpoints/step-14/model.safetensors";
        fs::resize_file(newest, fs::file_size(newest) - 1);
    }
    comm::barrier(folder.comm);
    EXPECT_EQ(train(folder.comm, config), undisturbed);
}

/// Cuts the weights of a checkpoint short.
void damage(comm::Communicator const& comm, fs::path const& run, std::int64_t step) {
    if (comm.is_root()) {
        auto const weights = run / fmt::format("checkpoints/step-{}/model.safetensors", step);
        fs::resize_file(weights, fs::file_size(weights) - 1);
    }
    comm::barrier(comm);
}

TEST(TrainerResume, ForgetsABestCheckpointThatIsDamaged) {
    SharedScratch const folder;
    auto const config = config_for(folder.path / "run");
    auto const until = [&](std::int64_t stop) {
        train(folder.comm, config, [stop](TinyObjective& objective, Trainer& trainer) {
            objective.best_held_out = 5;
            stop_after(trainer, stop);
        });
    };
    EXPECT_THROW(until(14), comm::AgreedError);
    ASSERT_EQ(best_step(config.run), 5);
    damage(folder.comm, config.run, 5);
    train(folder.comm, config);
    EXPECT_GT(best_step(config.run), 14);
}

TEST(TrainerResume, LastWeightsCountWhereTheBestAreDamaged) {
    SharedScratch const folder;
    auto const config = config_for(folder.path / "run");
    train(folder.comm, config,
          [&](TinyObjective& objective, Trainer&) { objective.best_held_out = 15; });
    ASSERT_EQ(best_step(config.run), 15);
    damage(folder.comm, config.run, 15);
    TinyObjective objective(folder.comm, config.micro_batches(), config.micro_batch_size);
    Trainer trainer(folder.comm, objective, config,
                    {"test", "[train]\n", "[model]\n", {{"store", "s"}}});
    trainer.run();
    trainer.load_best();
    EXPECT_EQ(trainer.state().best_step, -1);
    EXPECT_EQ(trainer.state().step, 20);
}

/// `config` is refused; what lies in the run stays as it is.
void expect_refused(comm::Communicator const& comm, LoopConfig const& config,
                    std::string const& why) {
    auto const before = metrics(config.run);
    comm::barrier(comm);
    try {
        train(comm, config);
        ADD_FAILURE() << "began anew";
    } catch (comm::AgreedError const& error) {
        EXPECT_EQ(error.code(), base::ExitCode::bad_input);
        EXPECT_NE(std::string(error.what()).find(why), std::string::npos) << error.what();
    }
    EXPECT_EQ(metrics(config.run), before);
}

TEST(TrainerResume, DoesNotBeginAnewOverCheckpointsThatDoNotOpen) {
    SharedScratch const folder;
    auto const config = config_for(folder.path / "run");
    train(folder.comm, config);
    auto const checkpoints = config.run / "checkpoints";
    if (folder.comm.is_root()) {
        for (auto const& item : fs::directory_iterator(checkpoints))
            fs::resize_file(item.path() / "state.json", 1);
    }
    expect_refused(folder.comm, config, "opens");
    EXPECT_TRUE(fs::exists(checkpoints / "step-20"));
    comm::barrier(folder.comm);
    if (folder.comm.is_root()) fs::remove_all(checkpoints);
    expect_refused(folder.comm, config, "marked as complete");
}

TEST(TrainerResume, ACompleteRunIsLeftAlone) {
    SharedScratch const folder;
    auto const config = config_for(folder.path / "run");
    auto const first = train(folder.comm, config);
    EXPECT_EQ(train(folder.comm, config), first);
    // Killed between the last checkpoint and the mark: the mark and the pages are made good.
    if (folder.comm.is_root()) {
        fs::remove(config.run / "DONE");
        fs::remove(config.run / "report.html");
    }
    comm::barrier(folder.comm);
    EXPECT_EQ(train(folder.comm, config), first);
    EXPECT_TRUE(fs::exists(config.run / "DONE"));
    EXPECT_TRUE(fs::exists(config.run / "report.html"));
}

TEST(TrainerResume, RefusesToGoOnWithARunOfAnotherBuildUnlessTold) {
    SharedScratch const folder;
    auto config = config_for(folder.path / "run");
    auto const undisturbed = train(folder.comm, config_for(folder.path / "undisturbed"));
    EXPECT_THROW(
        train(folder.comm, config, [](auto&, Trainer& trainer) { stop_after(trainer, 5); }),
        comm::AgreedError);
    if (folder.comm.is_root()) {
        checkpoint::Checkpoints checkpoints(base::local_files(), config.run / "checkpoints");
        auto state = checkpoints.newest()->state;
        state.identity["program"] = "0.0.1 an older one";
        checkpoints.amend(state);
    }
    comm::barrier(folder.comm);
    try {
        train(folder.comm, config);
        FAIL() << "went on";
    } catch (base::Error const& error) {
        EXPECT_EQ(error.code(), base::ExitCode::usage);
        EXPECT_NE(std::string(error.what()).find("0.0.1 an older one"), std::string::npos);
        EXPECT_NE(std::string(error.what()).find("--any-build"), std::string::npos);
    }
    config.any_build = true;
    EXPECT_EQ(train(folder.comm, config), undisturbed);
    config.any_build = false;
    EXPECT_EQ(train(folder.comm, config), undisturbed);  // complete
}

TEST(TrainerResume, RefusesRanksThatWouldNotTrainTheSame) {
    SharedScratch const folder;
    if (folder.comm.size() == 1) GTEST_SKIP() << "one rank agrees with itself";
    auto config = config_for(folder.path / "run");
    config.seed = folder.comm.is_root() ? 1 : 2;
    try {
        train(folder.comm, config);
        FAIL() << "trained";
    } catch (comm::AgreedError const& error) {
        EXPECT_NE(std::string(error.what()).find("seed is 1 on rank 0, 2 on rank 1"),
                  std::string::npos)
            << error.what();
    }
}

TEST(TrainerResume, RefusesToGoOnWithSomethingElse) {
    SharedScratch const folder;
    auto config = config_for(folder.path / "run");
    EXPECT_THROW(
        train(folder.comm, config, [](auto&, Trainer& trainer) { stop_after(trainer, 5); }),
        comm::AgreedError);
    config.lr = 0.02;
    try {
        train(folder.comm, config);
        FAIL() << "went on";
    } catch (base::Error const& error) {
        EXPECT_EQ(error.code(), base::ExitCode::usage);
        EXPECT_NE(std::string(error.what()).find("schedule was linear from 0.01"),
                  std::string::npos)
            << error.what();
    }
}

}  // namespace
}  // namespace tessera::train
