#include "made_flows.hpp"
#include "question.hpp"
#include "tiny_bundle.hpp"

#include <numeric>

#include <gtest/gtest.h>
#include <scratch.hpp>

#include <tessera/base/error.hpp>
#include <tessera/classify/fold_predictions.hpp>

namespace tessera::classify {
namespace {

class FoldPredictions : public testing::Test {
  protected:
    FoldPredictions() : units_(test::random_units(5, 2, 40)) {
        std::filesystem::create_directories(scratch_ / "store");
        test::write_store(base::local_files(), scratch_ / "store", units_, test::three_classes());
    }

    baseline::Predictions predictions(TrainedModel& model, dataset::Store const& store) {
        std::vector<std::uint64_t> flows(store.flows());
        std::iota(flows.begin(), flows.end(), 0U);
        return fold_predictions(comm::Communicator(), model, store, 0, flows, 16);
    }

    test::Scratch scratch_;
    std::vector<test::MadeUnit> units_;
};

TEST_F(FoldPredictions, EqualWhatTheModelSaysAboutTheFlowItself) {
    test::write_tiny_bundle(scratch_ / "bundle");
    TrainedModel model(scratch_ / "bundle");
    auto const store = dataset::open_store(scratch_ / "store");
    auto const all = predictions(model, store);
    baseline::check(all);
    token::Tokenizer const tokenizer(token::TokenConfig{});
    std::size_t item = 0;
    std::uint64_t index = 0;
    for (auto const& unit : units_) {
        for (auto const& made : unit.flows) {
            auto const number = index++;
            auto questions = questions_of(made.flow, "x", tokenizer, model.data());
            if (made.labels[0] < 0 || questions.empty()) continue;
            ASSERT_LT(item, all.size());
            EXPECT_EQ(all.flow[item], number);
            EXPECT_EQ(all.labels[item], made.labels[0]);
            auto const shares =
                model.probabilities(batch::collate({&questions[0].sample, 1}, model.data()));
            for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(all.row(item)[c], shares[c], 1e-5);
            ++item;
        }
    }
    EXPECT_EQ(item, all.size());
}

TEST_F(FoldPredictions, PacketLevelHasSeveralItemsAFlow) {
    test::write_tiny_bundle(scratch_ / "bundle", {.level = "packet"});
    TrainedModel model(scratch_ / "bundle");
    auto const store = dataset::open_store(scratch_ / "store");
    auto const all = predictions(model, store);
    EXPECT_GT(all.size(), store.flows());
    baseline::check(all);
}

TEST_F(FoldPredictions, RefuseAModelOfOtherClasses) {
    test::write_tiny_bundle(scratch_ / "bundle", {.classes = {"a", "b"}});
    TrainedModel model(scratch_ / "bundle");
    auto const store = dataset::open_store(scratch_ / "store");
    EXPECT_THROW(predictions(model, store), base::Error);
}

}  // namespace
}  // namespace tessera::classify
