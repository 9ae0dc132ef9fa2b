#include "tree_sum.hpp"

#include <vector>

#include <gtest/gtest.h>

#include <tessera/base/error.hpp>
#include <tessera/parallel/gradient_reducer.hpp>

namespace tessera::parallel {
namespace {

struct Single : torch::nn::Module {
    explicit Single(std::int64_t size) { weight = register_parameter("w", at::zeros({size, 1})); }
    at::Tensor weight;
};

constexpr std::int64_t size = 1'100'000;  // more than one piece of the exchange

/// Values whose float sum depends on the order.
at::Tensor gradient_of(std::int64_t micro_batch) {
    at::manual_seed(100 + static_cast<std::uint64_t>(micro_batch));
    return at::randn({size, 1}) * at::exp(at::randn({size, 1}) * 4);
}

/// The same tree by plain recursion over the whole step: the oracle.
at::Tensor tree(std::int64_t begin, std::int64_t end) {
    if (end - begin == 1) return gradient_of(begin);
    auto const middle = (begin + end) / 2;
    return tree(begin, middle) + tree(middle, end);
}

at::Tensor reduced(comm::Communicator const& comm, std::int64_t micro_batches,
                   Reduction reduction) {
    Single net(size);
    FlatParameters flat(net);
    GradientReducer reducer(comm, flat, micro_batches, reduction);
    at::Tensor result;
    for (int step = 0; step < 2; ++step) {  // the second step must not see the first
        flat.zero_gradients();
        auto const mine = comm::shard(static_cast<std::size_t>(micro_batches), comm);
        for (auto i = mine.begin; i < mine.end; ++i) {
            net.weight.mutable_grad().add_(gradient_of(static_cast<std::int64_t>(i)));
            reducer.add();
        }
        reducer.finish();
        result = net.weight.grad().clone();
    }
    return result;
}

TEST(GradientReducer, TreeGivesTheSameBitsOnAnyPowerOfTwoOfRanks) {
    auto const comm = comm::Communicator::world();
    for (std::int64_t const micro_batches : {4, 8, 16}) {
        EXPECT_TRUE(
            at::equal(reduced(comm, micro_batches, Reduction::tree), tree(0, micro_batches)))
            << micro_batches;
    }
}

TEST(GradientReducer, SumAgreesWithinRounding) {
    auto const comm = comm::Communicator::world();
    auto const sum = reduced(comm, 6, Reduction::sum);
    auto expected = at::zeros({size, 1}, at::kDouble);
    auto magnitude = at::zeros({size, 1}, at::kDouble);
    for (int i = 0; i < 6; ++i) {
        expected += gradient_of(i).to(at::kDouble);
        magnitude += gradient_of(i).to(at::kDouble).abs();
    }
    // Five float32 additions of values up to the summed magnitude: 5 x 2^-24 of it.
    EXPECT_TRUE(((sum - expected).abs() <= magnitude * 5 * 5.97e-8).all().item<bool>());
}

TEST(GradientReducer, ChoosesTheTreeWhereItFits) {
    EXPECT_EQ(natural_reduction(8, 2), Reduction::tree);
    EXPECT_EQ(natural_reduction(2, 4), Reduction::sum);
    EXPECT_EQ(natural_reduction(6, 2), Reduction::sum);
    EXPECT_EQ(natural_reduction(8, 3), Reduction::sum);
}

TEST(GradientReducer, RefusesATreeThatCannotBe) {
    Single net(4);
    FlatParameters flat(net);
    EXPECT_THROW(GradientReducer(comm::Communicator(), flat, 6, Reduction::tree), base::Error);
}

TEST(GradientReducer, MissesNoMicroBatch) {
    Single net(4);
    FlatParameters flat(net);
    GradientReducer reducer(comm::Communicator(), flat, 2, Reduction::tree);
    reducer.add();
    EXPECT_THROW(reducer.finish(), base::Error);
}

}  // namespace
}  // namespace tessera::parallel
