#include <fstream>
#include <limits>
#include <string>

#include <gtest/gtest.h>
#include <scratch.hpp>

#include <tessera/base/error.hpp>
#include <tessera/checkpoint/checkpoints.hpp>
#include <tessera/dataset/schema.hpp>

namespace tessera::checkpoint {
namespace {

namespace fs = std::filesystem;

TrainingState state_at(std::int64_t step) {
    TrainingState state;
    state.step = step;
    state.updates = step - 1;
    state.skipped = 1;
    state.seed = 18'446'744'073'709'551'615ULL;
    state.best_score = 0.1 + 0.2;  // no short decimal
    state.schedule = "linear \"x\"";
    state.identity = {{"store", "abc"}, {"masking", "default"}};
    state.origin = {{"folder", "/runs/before"}};
    state.build.revision = "deadbeef";
    return state;
}

std::vector<NamedTensor> tensors(double value) {
    return {{"w", at::full({3, 4}, value)}, {"b", at::full({4}, value)}};
}

void save(Checkpoints& checkpoints, TrainingState const& state) {
    auto const value = static_cast<double>(state.step);
    checkpoints.save(state, tensors(value), tensors(-value));
}

void flip(fs::path const& path, std::uintmax_t place, unsigned bit = 0) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(place));
    auto const byte = file.get();
    file.seekp(static_cast<std::streamoff>(place));
    file.put(static_cast<char>(byte ^ (1 << bit)));
}

TEST(Checkpoints, GiveBackWhatWasSaved) {
    test::Scratch const folder;
    Checkpoints checkpoints(base::local_files(), folder / "checkpoints");
    EXPECT_FALSE(checkpoints.newest());
    save(checkpoints, state_at(10));
    auto const found = checkpoints.newest();
    ASSERT_TRUE(found);
    auto const expected = state_at(10);
    EXPECT_EQ(found->state.step, 10);
    EXPECT_EQ(found->state.updates, 9);
    EXPECT_EQ(found->state.seed, expected.seed);
    EXPECT_EQ(found->state.best_score, expected.best_score);
    EXPECT_EQ(found->state.schedule, expected.schedule);
    EXPECT_EQ(found->state.identity, expected.identity);
    EXPECT_EQ(found->state.origin, expected.origin);
    EXPECT_EQ(found->state.build.revision, "deadbeef");
    EXPECT_TRUE(at::equal(found->model.read("w"), at::full({3, 4}, 10.0)));
    EXPECT_TRUE(at::equal(found->optimizer.read("b"), at::full({4}, -10.0)));
}

// Sums for a log are three a class; the longest numbers there are.
TEST(Checkpoints, HoldTheSumsOfAsManyClassesAsAStoreMayHave) {
    test::Scratch const folder;
    Checkpoints checkpoints(base::local_files(), folder / "checkpoints");
    auto state = state_at(10);
    state.running.assign(3 * dataset::max_classes + 16, std::numeric_limits<std::int64_t>::min());
    save(checkpoints, state);
    EXPECT_EQ(checkpoints.newest()->state.running, state.running);
}

TEST(Checkpoints, TellTheirStateThoughWeightsAreDamaged) {
    test::Scratch const folder;
    Checkpoints checkpoints(base::local_files(), folder / "checkpoints");
    EXPECT_FALSE(checkpoints.newest_state());
    for (std::int64_t const step : {10, 20, 30}) save(checkpoints, state_at(step));
    flip(checkpoints.folder_of(20) / "model.safetensors", 200);
    flip(checkpoints.folder_of(30) / "state.json", 20);
    ASSERT_TRUE(checkpoints.newest_state());
    EXPECT_EQ(checkpoints.newest_state()->step, 20);
    EXPECT_EQ(checkpoints.newest_state()->origin, state_at(20).origin);
}

TEST(Checkpoints, AnAmendedStateKeepsItsWeights) {
    test::Scratch const folder;
    Checkpoints checkpoints(base::local_files(), folder.path());
    auto state = state_at(10);
    state.validation_due = true;
    save(checkpoints, state);
    EXPECT_TRUE(checkpoints.newest()->state.validation_due);
    state.validation_due = false;
    state.best_step = 10;
    checkpoints.amend(state);
    auto const found = checkpoints.newest();
    ASSERT_TRUE(found);
    EXPECT_FALSE(found->state.validation_due);
    EXPECT_EQ(found->state.best_step, 10);
    EXPECT_TRUE(at::equal(found->model.read("w"), at::full({3, 4}, 10.0)));
}

TEST(Checkpoints, KeepTheLastTheMilestonesAndTheBest) {
    test::Scratch const folder;
    Checkpoints checkpoints(base::local_files(), folder.path(), {.last = 2, .every = 50});
    for (std::int64_t step = 10; step <= 130; step += 10) {
        auto state = state_at(step);
        state.best_step = step < 70 ? -1 : 70;
        save(checkpoints, state);
    }
    EXPECT_EQ(checkpoints.steps(), (std::vector<std::int64_t>{50, 70, 100, 120, 130}));
    EXPECT_THROW(Checkpoints(base::local_files(), folder.path(), {.last = 1}), base::Error);
}

TEST(Checkpoints, PassOverADamagedOneForTheOneBefore) {
    test::Scratch const folder;
    Checkpoints checkpoints(base::local_files(), folder.path());
    save(checkpoints, state_at(10));
    save(checkpoints, state_at(20));
    flip(checkpoints.folder_of(20) / "optimizer.safetensors", 130);
    ASSERT_EQ(checkpoints.resume()->state.step, 10);
    save(checkpoints, state_at(15));
    EXPECT_EQ(checkpoints.steps(), (std::vector<std::int64_t>{10, 15}));  // the damaged one is gone
    save(checkpoints, state_at(20));
    EXPECT_EQ(checkpoints.newest()->state.step, 20);
}

TEST(Checkpoints, ThatAllAreDamagedAreNoEmptyFolder) {
    test::Scratch const folder;
    Checkpoints checkpoints(base::local_files(), folder.path());
    for (std::int64_t const step : {10, 20}) {
        save(checkpoints, state_at(step));
        flip(checkpoints.folder_of(step) / "model.safetensors", 130);
    }
    try {
        checkpoints.newest();
        FAIL() << "read as a new run";
    } catch (base::Error const& error) {
        EXPECT_EQ(error.code(), base::ExitCode::bad_input);
        std::string const line = error.what();
        EXPECT_NE(line.find(folder.path().string()), std::string::npos) << line;
        EXPECT_NE(line.find("none of the 2 checkpoints"), std::string::npos) << line;
    }
}

TEST(Checkpoints, AFolderThatCannotBeListedIsNoEmptyOne) {
    test::Scratch const folder;
    std::ofstream(folder / "checkpoints") << "a file where a folder belongs";
    Checkpoints const checkpoints(base::local_files(), folder / "checkpoints");
    try {
        checkpoints.newest();
        FAIL() << "read as a new run";
    } catch (base::Error const& error) {
        EXPECT_EQ(error.code(), base::ExitCode::environment);
        EXPECT_NE(std::string(error.what()).find("cannot list"), std::string::npos) << error.what();
    }
}

TEST(Checkpoints, LaterOnesStayWhereTheRunDidNotGoOnFromBeforeThem) {
    test::Scratch const folder;
    Checkpoints checkpoints(base::local_files(), folder.path());
    save(checkpoints, state_at(20));
    save(checkpoints, state_at(5));
    EXPECT_EQ(checkpoints.steps(), (std::vector<std::int64_t>{5, 20}));
}

TEST(Checkpoints, WhatAKilledSaveLeftGoesBeforeTheRunGoesOn) {
    test::Scratch const folder;
    Checkpoints checkpoints(base::local_files(), folder.path());
    save(checkpoints, state_at(10));
    fs::copy(checkpoints.folder_of(10), folder / ".step-20.tmp", fs::copy_options::recursive);
    EXPECT_EQ(checkpoints.newest()->state.step, 10);
    EXPECT_TRUE(fs::exists(folder / ".step-20.tmp"));  // a reader leaves the writer's alone
    EXPECT_EQ(checkpoints.resume()->state.step, 10);
    EXPECT_FALSE(fs::exists(folder / ".step-20.tmp"));
}

TEST(Checkpoints, FindEveryFlippedBitAndEveryCut) {
    test::Scratch const folder;
    Checkpoints checkpoints(base::local_files(), folder.path());
    save(checkpoints, state_at(10));
    save(checkpoints, state_at(20));
    for (auto const* name : {"model.safetensors", "optimizer.safetensors", "state.json"}) {
        auto const path = checkpoints.folder_of(20) / name;
        auto const size = fs::file_size(path);
        for (std::uintmax_t place = 0; place < size; ++place) {
            flip(path, place, place % 8);
            EXPECT_THROW(checkpoints.open(20), base::Error) << name << " byte " << place;
            flip(path, place, place % 8);
        }
        auto const whole = base::read_text(path);
        for (std::uintmax_t cut = 0; cut < size; cut += 17) {
            fs::resize_file(path, cut);
            EXPECT_THROW(checkpoints.open(20), base::Error) << name << " cut at " << cut;
        }
        std::ofstream(path, std::ios::binary) << whole;
        EXPECT_NO_THROW(checkpoints.open(20));
    }
}

TEST(Checkpoints, TakeNoHalfWrittenOrRenamedFolder) {
    test::Scratch const folder;
    Checkpoints checkpoints(base::local_files(), folder.path());
    save(checkpoints, state_at(10));
    fs::copy(checkpoints.folder_of(10), folder / ".step-20.tmp", fs::copy_options::recursive);
    fs::copy(checkpoints.folder_of(10), folder / "step-30", fs::copy_options::recursive);
    fs::create_directory(folder / "step-40");
    fs::create_directory(folder / "step-x");
    EXPECT_EQ(checkpoints.newest()->state.step, 10);
}

/// Lets `allowed` calls pass, then fails every one, as a full or vanished disk does.
class FailingFiles final : public base::FileSystem {
  public:
    explicit FailingFiles(int allowed) : left_(allowed) {}

    std::unique_ptr<base::OutputFile> create(fs::path const& path) override {
        count();
        return std::make_unique<File>(*this, base::local_files().create(path));
    }
    void sync_file(fs::path const& path) override { count(), base::local_files().sync_file(path); }
    void rename(fs::path const& from, fs::path const& to) override {
        count();
        base::local_files().rename(from, to);
    }
    void sync_folder(fs::path const& path) override {
        count();
        base::local_files().sync_folder(path);
    }
    void remove(fs::path const& path) override { count(), base::local_files().remove(path); }

    void count() {
        if (left_-- <= 0) base::fail(base::ExitCode::environment, "no space left");
    }

  private:
    struct File final : base::OutputFile {
        File(FailingFiles& owner, std::unique_ptr<base::OutputFile> inner)
            : owner_(owner), inner_(std::move(inner)) {}
        void write(base::ByteSpan bytes) override { owner_.count(), inner_->write(bytes); }
        void sync() override { owner_.count(), inner_->sync(); }
        void close() override { owner_.count(), inner_->close(); }
        FailingFiles& owner_;
        std::unique_ptr<base::OutputFile> inner_;
    };
    int left_;
};

TEST(Checkpoints, AFaultAtAnyCallLeavesTheEarlierOneUsable) {
    int faults = 0;
    for (int allowed = 0;; ++allowed) {
        test::Scratch const folder;
        Checkpoints sound(base::local_files(), folder.path());
        save(sound, state_at(10));
        FailingFiles files(allowed);
        Checkpoints failing(files, folder.path());
        bool failed = false;
        try {
            save(failing, state_at(20));
        } catch (base::Error const& error) {
            failed = true;
            EXPECT_EQ(error.code(), base::ExitCode::environment);
        }
        auto const newest = sound.newest();
        ASSERT_TRUE(newest) << "after " << allowed << " calls";
        EXPECT_TRUE(newest->state.step == 10 || newest->state.step == 20);
        if (!failed) {
            EXPECT_EQ(newest->state.step, 20);
            break;
        }
        ++faults;
    }
    EXPECT_GT(faults, 15);
}

TEST(Identity, NamesWhatDiffersInOneLine) {
    Identity const saved{{"store", "abc"}, {"tokenizer", "bigram"}, {"masking", "default"}};
    EXPECT_NO_THROW(require_same(saved, saved, "run"));
    try {
        require_same(saved, {{"store", "def"}, {"tokenizer", "bigram"}, {"model", "x"}}, "my/run");
        FAIL();
    } catch (base::Error const& error) {
        std::string const line = error.what();
        EXPECT_EQ(error.code(), base::ExitCode::usage);
        EXPECT_NE(line.find("store was abc, is def"), std::string::npos) << line;
        EXPECT_NE(line.find("masking was default, is absent"), std::string::npos) << line;
        EXPECT_NE(line.find("model was absent, is x"), std::string::npos) << line;
        EXPECT_EQ(line.find("tokenizer"), std::string::npos) << line;
        EXPECT_EQ(line.find('\n'), std::string::npos);
    }
}

}  // namespace
}  // namespace tessera::checkpoint
