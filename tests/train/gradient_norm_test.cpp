#include "gradient_norm.hpp"

#include "tiny_objective.hpp"

#include <gtest/gtest.h>

namespace tessera::train {
namespace {

/// Gradients as if each rank had rounded their sum in its own way.
parallel::FlatParameters with_gradients(TinyObjective::Net& net, int rank) {
    parallel::FlatParameters parameters(net);
    parameters.gradients().fill_(1 + 1e-3 * rank);
    return parameters;
}

TEST(GradientNorm, EveryRankHasThatOfTheRoot) {
    auto const world = comm::Communicator::world();
    TinyObjective::Net net;
    auto const parameters = with_gradients(net, world.rank());
    auto const expected = at::linalg_vector_norm(at::ones_like(parameters.gradients()));
    auto const norm = gradient_norm(world, parameters, nullptr);
    EXPECT_EQ(norm.dim(), 0);
    EXPECT_EQ(norm.item<float>(), expected.item<float>());
}

/// A root that has 3 for everything.
class RootHasThree final : public device::DeviceCollectives {
  public:
    void all_reduce(at::Tensor const&) override { FAIL(); }
    void broadcast(at::Tensor const& tensor, int root) override {
        EXPECT_EQ(root, 0);
        tensor.fill_(3);
    }
    void check() override {}
    void abort() noexcept override {}
};

TEST(GradientNorm, BetweenGpusItTravelsOnTheirStream) {
    TinyObjective::Net net;
    auto const parameters = with_gradients(net, 0);
    RootHasThree between_gpus;
    EXPECT_EQ(gradient_norm({}, parameters, &between_gpus).item<float>(), 3);
}

TEST(ClipDivisor, BringsTheNormDownToTheLargest) {
    EXPECT_EQ(clip_divisor(at::tensor(4.0F), 2).item<float>(), 2);
    EXPECT_EQ(clip_divisor(at::tensor(1.0F), 2).item<float>(), 1);
    EXPECT_EQ(clip_divisor(at::tensor(4.0F), 0).item<float>(), 1);
}

}  // namespace
}  // namespace tessera::train
