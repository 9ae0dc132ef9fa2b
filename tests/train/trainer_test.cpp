#include "trainer.hpp"

#include "shared_scratch.hpp"
#include "tiny_run.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <tessera/base/error.hpp>

namespace tessera::train {
namespace {

namespace fs = std::filesystem;

using test::SharedScratch;

TEST(Trainer, LearnsAndLeavesAWholeRunFolder) {
    SharedScratch const folder;
    auto config = config_for(folder.path / "run");
    config.train_iters = 200;
    config.eval_interval = 50;
    train(folder.comm, config);
    if (!folder.comm.is_root()) return;
    auto const rows = metrics(config.run);
    auto const first = nlohmann::json::parse(rows.front());
    auto const last = nlohmann::json::parse(rows.back());
    EXPECT_EQ(first["split"], "train");
    EXPECT_EQ(last["split"], "valid");
    EXPECT_EQ(last["step"], 200);
    EXPECT_LT(last["loss"], 0.6 * first["loss"].get<double>());
    EXPECT_EQ(rows.size(), 200U / 4 + 4);
    for (auto const* name : {"config.toml", "metrics.csv", "curves.svg", "report.html", "DONE",
                             "checkpoints/step-200/state.json"}) {
        EXPECT_TRUE(fs::exists(config.run / name)) << name;
    }
}

TEST(Trainer, TheSameSeedGivesTheSameBitsTwice) {
    SharedScratch const folder;
    auto const once = train(folder.comm, config_for(folder.path / "a"));
    auto const twice = train(folder.comm, config_for(folder.path / "b"));
    EXPECT_EQ(once, twice);
    if (!folder.comm.is_root()) return;
    EXPECT_EQ(metrics(folder.path / "a"), metrics(folder.path / "b"));
}

TEST(Trainer, ManyRanksGiveTheBitsOfOne) {
    SharedScratch const folder;
    auto const many = train(folder.comm, config_for(folder.path / "many"));
    std::string one;
    if (folder.comm.is_root()) {
        one = train(comm::Communicator(), config_for(folder.path / "one"));
        EXPECT_EQ(many, one);
        EXPECT_EQ(metrics(folder.path / "many"), metrics(folder.path / "one"));
    }
}

TEST(Trainer, OverlappedSumsGiveTheSameBits) {
    SharedScratch const folder;
    auto const apart = train(folder.comm, config_for(folder.path / "apart"));
    auto config = config_for(folder.path / "overlapped");
    config.overlap = "on";
    EXPECT_EQ(train(folder.comm, config), apart);
}

/// Bytes of weights and moments in the newest checkpoint.
std::string saved(fs::path const& run) {
    checkpoint::Checkpoints const kept(base::local_files(), run / "checkpoints");
    auto const newest = kept.newest();
    return newest->model.checksum() + newest->optimizer.checksum();
}

class HalfTrainer : public testing::TestWithParam<char const*> {
  protected:
    LoopConfig config(fs::path const& run) const {
        auto config = config_for(run);
        config.precision = GetParam();
        return config;
    }
};

TEST_P(HalfTrainer, LearnsAsFloatsDo) {
    SharedScratch const folder;
    auto half = config(folder.path / "half");
    auto whole = config_for(folder.path / "whole");
    half.train_iters = whole.train_iters = 200;
    train(folder.comm, half);
    train(folder.comm, whole);
    if (!folder.comm.is_root()) return;
    auto const loss = [](LoopConfig const& of) {
        return nlohmann::json::parse(metrics(of.run).back())["loss"].get<double>();
    };
    // Rounding to 8 bits moves single updates by less than 1 %; over 200 of them on a loss of half
    // its start the runs stay within a tenth.
    EXPECT_NEAR(loss(half), loss(whole), 0.1 * loss(whole));
}

TEST_P(HalfTrainer, GoesOnBitForBitWithItsMastersAndItsScale) {
    SharedScratch const folder;
    auto const undisturbed = config(folder.path / "a");
    auto const stopped = config(folder.path / "b");
    // An overflow before the stop: the scale must come back as it was left.
    auto const spoil = [](TinyObjective& objective) {
        objective.bad_from = 3;
        objective.bad_until = 4;
    };
    train(folder.comm, undisturbed, [&](auto& objective, auto&) { spoil(objective); });
    EXPECT_THROW(train(folder.comm, stopped,
                       [&](auto& objective, Trainer& trainer) {
                           spoil(objective);
                           stop_after(trainer, 7);
                       }),
                 comm::AgreedError);
    train(folder.comm, stopped);
    if (!folder.comm.is_root()) return;
    EXPECT_EQ(saved(undisturbed.run), saved(stopped.run));
    EXPECT_EQ(metrics(undisturbed.run), metrics(stopped.run));
    checkpoint::Checkpoints const kept(base::local_files(), stopped.run / "checkpoints");
    EXPECT_EQ(kept.newest()->state.loss_scale, std::string(GetParam()) == "fp16" ? 32768 : 1);
    EXPECT_EQ(kept.newest()->state.skipped, 1);
}

TEST_P(HalfTrainer, ManyRanksGiveTheBitsOfOne) {
    SharedScratch const folder;
    auto many = config(folder.path / "many");
    many.overlap = "on";
    train(folder.comm, many);
    if (!folder.comm.is_root()) return;
    train(comm::Communicator(), config(folder.path / "one"));
    EXPECT_EQ(saved(folder.path / "many"), saved(folder.path / "one"));
}

TEST_P(HalfTrainer, AnOverflowTouchesNoWeight) {
    SharedScratch const folder;
    auto const run = config(folder.path / "run");
    train(folder.comm, run, [&](TinyObjective& objective, Trainer& trainer) {
        objective.bad_from = 4;
        objective.bad_until = 5;
        std::string before;
        trainer.stop_when([&objective, &trainer, before]() mutable {
            auto const step = trainer.steps_done();
            if (step != 4 && step != 5) return false;
            std::string now;
            for (auto const& [name, tensor] : weights_of(objective.module()))
                now.append(static_cast<char const*>(tensor.const_data_ptr()), tensor.nbytes());
            EXPECT_EQ(now, step == 5 ? before : now);
            before = now;
            return false;
        });
    });
    if (!folder.comm.is_root()) return;
    checkpoint::Checkpoints const kept(base::local_files(), run.run / "checkpoints");
    EXPECT_EQ(kept.newest()->state.updates, 19);
}

INSTANTIATE_TEST_SUITE_P(Types, HalfTrainer, testing::Values("bf16", "fp16"));

TEST(Trainer, NaNOnOneRankNeverReachesTheWeights) {
    SharedScratch const folder;
    auto config = config_for(folder.path / "run");
    auto const spoil = [&](TinyObjective& objective, Trainer&) {
        objective.bad_rank = folder.comm.size() - 1;
        objective.bad_from = 6;
        objective.bad_until = 8;
    };
    auto const bytes = train(folder.comm, config, spoil);
    for (std::size_t i = 0; i + 4 <= bytes.size(); i += 4) {
        float value = 0;
        std::memcpy(&value, bytes.data() + i, 4);
        ASSERT_TRUE(std::isfinite(value));
    }
    if (!folder.comm.is_root()) return;
    checkpoint::Checkpoints const kept(base::local_files(), config.run / "checkpoints");
    EXPECT_EQ(kept.newest()->state.skipped, 2);
    EXPECT_EQ(kept.newest()->state.updates, 18);
}

TEST(Trainer, GoesBackToTheLastCheckpointAfterThreeBadSteps) {
    SharedScratch const folder;
    auto const config = config_for(folder.path / "run");
    auto const spoil = [](TinyObjective& objective, Trainer&) {
        objective.bad_from = 12;
        objective.bad_until = 15;
    };
    train(folder.comm, config, spoil);
    if (!folder.comm.is_root()) return;
    checkpoint::Checkpoints const kept(base::local_files(), config.run / "checkpoints");
    auto const state = kept.newest()->state;
    EXPECT_EQ(state.step, 20);
    EXPECT_EQ(state.skipped, 3);
    EXPECT_EQ(state.rollbacks, 1);
    EXPECT_EQ(state.updates, 15);  // the 10 of the checkpoint and those of steps 15 to 19
}

TEST(Trainer, StopsWhenGoingBackDoesNotHelp) {
    SharedScratch const folder;
    auto const config = config_for(folder.path / "run");
    auto const spoil = [](TinyObjective& objective, Trainer&) {
        objective.bad_from = 12;
        objective.bad_until = 1000;
    };
    try {
        train(folder.comm, config, spoil);
        FAIL() << "did not stop";
    } catch (comm::AgreedError const& error) {
        EXPECT_EQ(error.code(), base::ExitCode::failed);
        EXPECT_NE(std::string(error.what()).find("step 17"), std::string::npos) << error.what();
        EXPECT_NE(std::string(error.what()).find("first."), std::string::npos) << error.what();
    }
    if (!folder.comm.is_root()) return;
    checkpoint::Checkpoints const kept(base::local_files(), config.run / "checkpoints");
    EXPECT_EQ(kept.newest()->state.step, 10);
}

TEST(Trainer, AHeldOutLossThatIsNoNumberIsNoScore) {
    SharedScratch const folder;
    auto config = config_for(folder.path / "run");
    config.eval_interval = 10;
    config.train_iters = 40;
    TinyObjective objective(folder.comm, config.micro_batches(), config.micro_batch_size);
    objective.bad_held_out_from = 20;
    Trainer trainer(folder.comm, objective, config, {"test", "", "", {}});
    trainer.run();
    EXPECT_GE(trainer.state().best_step, 0);
    EXPECT_LE(trainer.state().best_step, 20);
    if (!folder.comm.is_root()) return;
    for (auto const& line : metrics(config.run)) {
        auto const row = nlohmann::json::parse(line);
        auto const step = row["step"].get<std::int64_t>();
        EXPECT_TRUE(row["split"] != "valid" || step <= 20) << step;
    }
}

TEST(Trainer, KeepsAndLoadsTheBestWeights) {
    SharedScratch const folder;
    auto config = config_for(folder.path / "run");
    config.lr = 3;  // gets worse again
    config.lr_decay_style = "constant";
    config.train_iters = 40;
    at::set_num_threads(1);
    TinyObjective objective(folder.comm, config.micro_batches(), config.micro_batch_size);
    Trainer trainer(folder.comm, objective, config, {"test", "", "", {}});
    trainer.run();
    trainer.load_best();
    auto sums = objective.validate([] { return false; });
    sums.reduce(folder.comm);
    auto const loaded = metric(objective.metrics(sums), "loss");
    if (!folder.comm.is_root()) return;
    double best = 1e9;
    for (auto const& line : metrics(config.run)) {
        auto const row = nlohmann::json::parse(line);
        if (row["split"] == "valid") best = std::min(best, row["loss"].get<double>());
    }
    EXPECT_EQ(loaded, best);
}

}  // namespace
}  // namespace tessera::train
