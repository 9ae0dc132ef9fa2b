#include <string>

#include <gtest/gtest.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/linear.h>

#include <tessera/base/error.hpp>
#include <tessera/parallel/replicate.hpp>

namespace tessera::parallel {
namespace {

struct Net : torch::nn::Module {
    Net() {
        linear = register_module("linear", torch::nn::Linear(4, 3));
        norm = register_module("norm", torch::nn::BatchNorm1d(3));
    }
    torch::nn::Linear linear{nullptr};
    torch::nn::BatchNorm1d norm{nullptr};
};

TEST(Replicate, GivesEveryRankTheRootsValuesAndBuffers) {
    auto const comm = comm::Communicator::world();
    at::manual_seed(static_cast<std::uint64_t>(comm.rank()));
    Net net;
    net.norm->running_mean.fill_(comm.rank() + 5);
    FlatParameters flat(net);
    replicate(comm, flat, net);
    at::manual_seed(0);
    Net const root;
    EXPECT_TRUE(at::equal(net.linear->weight, root.linear->weight));
    EXPECT_EQ(net.norm->running_mean[0].item<float>(), 5);
    EXPECT_NO_THROW(check_replicas(comm, flat, "after the start"));
}

TEST(Replicate, NamesTheTensorThatDrifted) {
    auto const comm = comm::Communicator::world();
    if (comm.size() == 1) GTEST_SKIP() << "one rank cannot drift";
    at::manual_seed(3);
    Net net;
    FlatParameters flat(net);
    if (comm.rank() == comm.size() - 1) {
        at::NoGradGuard const no_grad;
        net.linear->bias[1] += 1e-6;
    }
    std::string line;
    try {
        check_replicas(comm, flat, "at step 7");
    } catch (base::Error const& error) {
        line = error.what();
    }
    EXPECT_NE(line.find("linear.bias"), std::string::npos) << line;
    EXPECT_NE(line.find("at step 7"), std::string::npos);
}

}  // namespace
}  // namespace tessera::parallel
