#include "recorded_pass.hpp"

#include "graph_recorder.hpp"
#include "tiny_batches.hpp"

#include <memory>
#include <stdexcept>

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <tessera/model/initial_weights.hpp>
#include <tessera/model/pretrain_model.hpp>

namespace tessera::train {
namespace {

class Forgetful final : public test::GraphRecorder {
  public:
    using GraphRecorder::GraphRecorder;
    void replay() override {}
};

class Refusing final : public test::GraphRecorder {
  public:
    using GraphRecorder::GraphRecorder;
    void record(std::function<void()> const&) override { throw std::runtime_error("not today"); }
};

/// A model whose operators all run as on a GPU, with gradients that stay at their places.
class Learner {
  public:
    explicit Learner(std::unique_ptr<device::WorkGraph> graph)
        : model_(test::tiny_config()),
          pass_(
              std::move(graph),
              [this](auto const& batch, auto const& by) { return queue(batch, by); }, places()) {}

    /// The values of a pass over batch number `i`; its dropout goes by the number.
    at::Tensor run(int i, std::vector<std::int64_t> const& lengths) {
        torch::manual_seed(static_cast<std::uint64_t>(i));
        auto batch = test::tiny_pretrain_batch(lengths);
        batch.tokens = (batch.tokens + i).clamp_max(60);
        batch.device_lengths = torch::tensor(batch.lengths, torch::kInt64);
        return pass_.run(batch, torch::tensor({0.1F + static_cast<float>(i), 2.0F}));
    }

    at::Tensor gradients() const {
        std::vector<at::Tensor> all;
        for (auto const& parameter : model_->parameters())
            all.push_back(parameter.grad().reshape(-1));
        return at::cat(all);
    }

    bool replays() const { return pass_.replays(); }

  private:
    std::vector<at::Tensor> places() {
        model::initialise(*model_, 7, 0.1);
        model_->encoder()->set_kernels(model::Kernels::library);
        std::vector<at::Tensor> all;
        for (auto parameter : model_->parameters()) {
            parameter.mutable_grad() = torch::zeros_like(parameter);
            all.push_back(parameter.grad());
        }
        return all;
    }

    at::Tensor queue(batch::PretrainBatch const& batch, at::Tensor const& by) {
        auto const output = model_->forward(batch);
        (output.mlm_loss_sum * by[0] + output.same_origin_loss_sum * by[1]).backward();
        return at::stack({output.mlm_loss_sum, output.same_origin_loss_sum}).detach();
    }

    model::PretrainModel model_;
    RecordedPass pass_;
};

std::vector<std::int64_t> lengths_of(int i) {
    return i % 2 == 0 ? std::vector<std::int64_t>{9, 4, 12} : std::vector<std::int64_t>{5, 16, 3};
}

/// Runs ten passes with `graph` and without; true when values and gradients had the same bits.
bool same_as_launched(Learner& learner) {
    Learner plain(nullptr);
    for (int i = 0; i < 10; ++i) {
        auto const lengths = i == 7 ? std::vector<std::int64_t>{8, 8} : lengths_of(i);
        if (!learner.run(i, lengths).equal(plain.run(i, lengths))) return false;
        if (!learner.gradients().equal(plain.gradients())) return false;
    }
    return true;
}

// Pass 3 is recorded, 7 has another shape, the others behind it are replayed: the first once more.
TEST(RecordedPass, ReplaysWhatLaunchingGives) {
    int replays = 0;
    Learner learner(std::make_unique<test::GraphRecorder>(replays));
    EXPECT_TRUE(same_as_launched(learner));
    EXPECT_TRUE(learner.replays());
    EXPECT_EQ(replays, 6);
}

TEST(RecordedPass, AGraphThatGivesOtherGradientsIsLeft) {
    int replays = 0;
    Learner learner(std::make_unique<Forgetful>(replays));
    EXPECT_TRUE(same_as_launched(learner));
    EXPECT_FALSE(learner.replays());
}

TEST(RecordedPass, ADeviceThatRefusesToRecordLaunches) {
    int replays = 0;
    Learner learner(std::make_unique<Refusing>(replays));
    EXPECT_TRUE(same_as_launched(learner));
    EXPECT_FALSE(learner.replays());
}

}  // namespace
}  // namespace tessera::train
