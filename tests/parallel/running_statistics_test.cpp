#include <limits>

#include <gtest/gtest.h>
#include <torch/nn/modules/batchnorm.h>

#include <tessera/parallel/running_statistics.hpp>

namespace tessera::parallel {
namespace {

constexpr std::int64_t micro_batches = 8;  // of a step on all ranks

struct Net : torch::nn::Module {
    Net() {
        first = register_module("first", torch::nn::BatchNorm1d(3));
        last = register_module(
            "last", torch::nn::BatchNorm1d(torch::nn::BatchNormOptions(3).momentum(0.25)));
        unused = register_module("unused", torch::nn::BatchNorm1d(2));
    }
    void forward(at::Tensor const& x) { last(first(x).relu()); }
    torch::nn::BatchNorm1d first{nullptr};
    torch::nn::BatchNorm1d last{nullptr};
    torch::nn::BatchNorm1d unused{nullptr};
};

/// [5, 3], another one for every place.
at::Tensor micro_batch(std::int64_t step, std::int64_t index) {
    auto const from = static_cast<float>(step * micro_batches + index);
    return (at::arange(15, at::kFloat) * 0.7 + from).sin().view({5, 3}) + from / 8;
}

at::Tensor const counts = at::zeros({});
at::Tensor const does_not_count = at::ones({});

/// A step on this rank's share of the micro-batches.
void take_step(comm::Communicator const& comm, Net& net, RunningStatistics& statistics,
               std::int64_t step) {
    statistics.begin_step();
    auto const share = comm::shard(micro_batches, comm);
    for (auto i = static_cast<std::int64_t>(share.begin); i < static_cast<std::int64_t>(share.end);
         ++i) {
        net.forward(micro_batch(step, i));
        statistics.collect(i);
    }
    statistics.end_step(counts);
}

TEST(RunningStatistics, AreThoseOfOneRankThatSeesAllMicroBatches) {
    auto const comm = comm::Communicator::world();
    Net net;
    RunningStatistics statistics(comm, net, micro_batches);
    Net alone;
    for (std::int64_t step = 0; step < 2; ++step) {
        take_step(comm, net, statistics, step);
        for (std::int64_t i = 0; i < micro_batches; ++i) alone.forward(micro_batch(step, i));
    }
    // LibTorch mixes in double precision and rounds once, here it is float32.
    for (auto const& [ours, theirs] : {std::pair(net.first, alone.first), {net.last, alone.last}}) {
        EXPECT_TRUE(at::allclose(ours->running_mean, theirs->running_mean, 1e-6, 1e-7));
        EXPECT_TRUE(at::allclose(ours->running_var, theirs->running_var, 1e-6, 1e-7));
        EXPECT_TRUE(at::equal(ours->num_batches_tracked, theirs->num_batches_tracked));
    }
    EXPECT_TRUE(at::equal(net.unused->running_var, at::ones({2})));
}

TEST(RunningStatistics, HaveTheSameBitsOnAnyNumberOfRanks) {
    auto const comm = comm::Communicator::world();
    Net net;
    Net alone;
    RunningStatistics statistics(comm, net, micro_batches);
    RunningStatistics of_one(comm::Communicator(), alone, micro_batches);
    for (std::int64_t step = 0; step < 3; ++step) {
        take_step(comm, net, statistics, step);
        take_step(comm::Communicator(), alone, of_one, step);
    }
    EXPECT_TRUE(at::equal(net.last->running_mean, alone.last->running_mean));
    EXPECT_TRUE(at::equal(net.last->running_var, alone.last->running_var));
}

TEST(RunningStatistics, StayAsTheyWereWhereAStepDoesNotCount) {
    auto const comm = comm::Communicator::world();
    Net net;
    RunningStatistics statistics(comm, net, micro_batches);
    take_step(comm, net, statistics, 0);
    auto const mean = net.first->running_mean.clone();
    auto const share = comm::shard(micro_batches, comm);
    statistics.begin_step();
    for (auto i = share.begin; i < share.end; ++i) {
        net.forward(at::full({5, 3}, std::numeric_limits<float>::quiet_NaN()));
        statistics.collect(static_cast<std::int64_t>(i));
    }
    statistics.end_step(does_not_count);
    EXPECT_TRUE(at::equal(net.first->running_mean, mean));
    EXPECT_EQ(net.first->num_batches_tracked.item<std::int64_t>(), micro_batches);
}

TEST(RunningStatistics, LeaveTheMomentumAsItWas) {
    Net net;
    { RunningStatistics const statistics(comm::Communicator(), net, micro_batches); }
    EXPECT_EQ(net.first->options.momentum(), 0.1);
    EXPECT_EQ(net.last->options.momentum(), 0.25);
}

}  // namespace
}  // namespace tessera::parallel
