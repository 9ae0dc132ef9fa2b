#include "trainer.hpp"

#include "shared_scratch.hpp"
#include "snapshot.hpp"
#include "tiny_objective.hpp"

#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <tessera/base/error.hpp>

namespace tessera::train {
namespace {

namespace fs = std::filesystem;

using test::SharedScratch;

LoopConfig config_for(fs::path const& run) {
    LoopConfig config;
    config.run = run;
    config.micro_batch_size = 4;
    config.global_batch_size = 16;
    config.train_iters = 20;
    config.lr = 0.01;
    config.log_interval = 4;
    config.eval_interval = 5;
    config.save_interval = 10;
    config.check_replicas_interval = 7;
    config.precision = "fp32";
    return config;
}

/// Weights as bytes, after training under `config`; `prepare` may spoil the run.
using Prepare = std::function<void(TinyObjective&, Trainer&)>;

std::string train(comm::Communicator const& comm, LoopConfig const& config,
                  Prepare const& prepare = {}) {
    at::set_num_threads(1);
    TinyObjective objective(comm, config.micro_batches(), config.micro_batch_size);
    Trainer trainer(comm, objective, config, {"test", "[train]\n", "[model]\n", {{"store", "s"}}});
    if (prepare) prepare(objective, trainer);
    trainer.run();
    std::string bytes;
    for (auto const& [name, tensor] : weights_of(objective.module())) {
        bytes.append(static_cast<char const*>(tensor.const_data_ptr()), tensor.nbytes());
    }
    return bytes;
}

/// The lines of metrics.jsonl without times.
std::vector<std::string> metrics(fs::path const& run) {
    std::vector<std::string> rows;
    std::ifstream file(run / "metrics.jsonl");
    for (std::string line; std::getline(file, line);) {
        auto row = nlohmann::json::parse(line);
        for (auto const* timed :
             {"sequences_per_second", "tokens_per_second", "data_stall", "elapsed_seconds",
              "step_seconds", "reduce_seconds", "reduce_bytes", "save_seconds"})
            row.erase(timed);
        rows.push_back(row.dump());
    }
    return rows;
}

void stop_after(Trainer& trainer, std::int64_t step) {
    trainer.stop_when([&trainer, step] { return trainer.steps_done() == step; });
}

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

TEST(Trainer, AStoppedRunGoesOnBitForBit) {
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

class TrainerStoppedInValidation : public testing::TestWithParam<std::int64_t> {};

TEST_P(TrainerStoppedInValidation, SavesAndValidatesFirstWhenItGoesOn) {
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

INSTANTIATE_TEST_SUITE_P(MidwayAndAtTheEnd, TrainerStoppedInValidation, testing::Values(10, 20));

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

// Micro-batches are dealt out anew, and summed in the same tree.
TEST(Trainer, GoesOnOnAnotherNumberOfRanksBitForBit) {
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

TEST(Trainer, GoesOnAfterAKillFromThePeriodicCheckpoint) {
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

TEST(Trainer, PassesOverADamagedNewestCheckpoint) {
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

TEST(Trainer, DoesNotBeginAnewOverCheckpointsThatDoNotOpen) {
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

TEST(Trainer, ACompleteRunIsLeftAlone) {
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

TEST(Trainer, RefusesToGoOnWithSomethingElse) {
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
