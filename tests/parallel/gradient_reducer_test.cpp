#include "buckets.hpp"
#include "tree_sum.hpp"

#include <string>
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
    GradientReducer reducer(comm, flat, {.micro_batches = micro_batches, .reduction = reduction});
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

/// Layers enough for some buckets, one parameter that no loss reaches, and a tied one.
struct Layers : torch::nn::Module {
    Layers() {
        at::manual_seed(3);
        register_parameter("unused", at::randn({64, 64}));
        tied = register_parameter("tied", at::randn({64, 64}));
        for (int i = 0; i < 6; ++i) {
            matrices.push_back(
                register_parameter("matrix" + std::to_string(i), at::randn({64, 64}) / 8));
            biases.push_back(register_parameter("bias" + std::to_string(i), at::randn({64})));
        }
    }

    at::Tensor loss(std::uint64_t micro_batch) const {
        at::manual_seed(1000 + micro_batch);
        auto x = at::linear(at::randn({5, 64}).to(tied.scalar_type()), tied);
        for (std::size_t i = 0; i < matrices.size(); ++i)
            x = at::linear(x, matrices[i], biases[i]).tanh();
        return at::linear(x, tied).pow(2).sum();
    }

    at::Tensor tied;
    std::vector<at::Tensor> matrices;
    std::vector<at::Tensor> biases;
};

/// Gradients of two steps with accumulation; `overlap` in buckets of about two matrices.
at::Tensor trained_gradients(Overlap overlap, Reduction reduction, at::ScalarType type,
                             device::DeviceCollectives* between_gpus = nullptr) {
    auto const comm = comm::Communicator::world();
    constexpr std::int64_t micro_batches = 16;
    Layers net;
    FlatParameters flat(net, type);
    GradientReducer reducer(comm, flat,
                            {.micro_batches = micro_batches,
                             .reduction = reduction,
                             .overlap = overlap,
                             .bucket_bytes = 2 * 64 * 64 * 4 - 1,
                             .between_gpus = between_gpus});
    auto const mine = comm::shard(static_cast<std::size_t>(micro_batches), comm);
    for (std::int64_t step = 0; step < 2; ++step) {
        flat.zero_gradients();
        for (auto i = mine.begin; i < mine.end; ++i) {
            net.loss(i).backward();
            reducer.add();
        }
        reducer.finish();
    }
    return flat.gradients().clone();
}

TEST(GradientReducer, OverlapChangesNoBitOfATree) {
    for (auto const type : {at::kFloat, at::kBFloat16}) {
        auto const apart = trained_gradients(Overlap::off, Reduction::tree, type);
        auto const overlapped = trained_gradients(Overlap::on, Reduction::tree, type);
        EXPECT_GT(apart.abs().max().item<float>(), 0.1F);
        EXPECT_TRUE(at::equal(apart, overlapped)) << c10::toString(type);
    }
}

TEST(GradientReducer, OverlappedSumsAgreeWithinRounding) {
    auto const apart = trained_gradients(Overlap::off, Reduction::sum, at::kFloat);
    auto const overlapped = trained_gradients(Overlap::on, Reduction::sum, at::kFloat);
    // MPI may add four ranks' values in another order: 3 roundings of 6e-8 of the largest partial
    // sum, which cancellation keeps within 100 times of the result's largest value.
    EXPECT_LT((apart - overlapped).abs().max().item<double>(),
              100 * 3 * 6e-8 * apart.abs().max().item<double>());
}

/// Stands in for NCCL: sums host tensors, and notes their sizes.
class HostCollectives final : public device::DeviceCollectives {
  public:
    void all_reduce(at::Tensor const& tensor) override {
        sizes.push_back(tensor.numel());
        comm::all_reduce(comm::Communicator::world(), elements(tensor), comm::Op::sum);
    }
    void broadcast(at::Tensor const&, int) override {}
    void check() override {}
    void abort() noexcept override {}

    std::vector<std::int64_t> sizes;
};

TEST(GradientReducer, BetweenGpusBucketsLeaveFromTheLastOneOn) {
    HostCollectives gpus;
    auto const summed = trained_gradients(Overlap::on, Reduction::sum, at::kFloat, &gpus);
    EXPECT_TRUE(at::equal(summed, trained_gradients(Overlap::on, Reduction::sum, at::kFloat)));
    auto const ranks = comm::Communicator::world().size();
    std::int64_t const pair = 2 * 64 * 64;
    std::vector<std::int64_t> const step{pair, pair, pair, pair, 6 * 64};
    auto twice = step;
    twice.insert(twice.end(), step.begin(), step.end());
    EXPECT_EQ(gpus.sizes, ranks == 1 ? std::vector<std::int64_t>{} : twice);
}

TEST(GradientReducer, BucketsLeaveDuringTheLastBackwardPassOnly) {
    auto const comm = comm::Communicator::world();
    if (comm.size() == 1) GTEST_SKIP() << "nothing leaves one rank";
    Layers net;
    FlatParameters flat(net);
    HostCollectives gpus;
    GradientReducer reducer(comm, flat,
                            {.micro_batches = 2 * comm.size(),
                             .overlap = Overlap::on,
                             .bucket_bytes = 2 * 64 * 64 * 4 - 1,
                             .between_gpus = &gpus});
    net.loss(0).backward();
    reducer.add();
    EXPECT_EQ(gpus.sizes.size(), 0U);
    net.loss(1).backward();
    EXPECT_EQ(gpus.sizes.size(), 3U);  // the fourth waits for a parameter that no loss reaches
    reducer.add();
    reducer.finish();
    EXPECT_EQ(gpus.sizes.size(), 5U);
}

TEST(GradientReducer, RefusesATreeBetweenGpus) {
    Single net(4);
    FlatParameters flat(net);
    HostCollectives gpus;
    EXPECT_THROW(
        GradientReducer(comm::Communicator(), flat,
                        {.micro_batches = 4, .reduction = Reduction::tree, .between_gpus = &gpus}),
        base::Error);
}

TEST(Buckets, CoverTheGradientsOnceFromTheLastMatrixOn) {
    Layers net;
    FlatParameters flat(net);
    auto const buckets = cut_buckets(flat, 2 * 64 * 64 * 4 - 1);
    ASSERT_EQ(buckets.size(), 5U);  // 8 matrices in pairs, then the biases
    auto begin = flat.decayed();
    for (std::size_t i = 0; i + 1 < buckets.size(); ++i) {
        EXPECT_EQ(buckets[i].end, begin);
        EXPECT_EQ(buckets[i].entries.size(), 2U);
        begin = buckets[i].begin;
    }
    EXPECT_EQ(begin, 0);
    EXPECT_EQ(buckets.back().begin, flat.decayed());
    EXPECT_EQ(buckets.back().end, flat.trainable());
    EXPECT_EQ(buckets.back().entries.size(), 6U);
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
    EXPECT_THROW(GradientReducer(comm::Communicator(), flat,
                                 {.micro_batches = 6, .reduction = Reduction::tree}),
                 base::Error);
}

TEST(GradientReducer, MissesNoMicroBatch) {
    Single net(4);
    FlatParameters flat(net);
    GradientReducer reducer(comm::Communicator(), flat,
                            {.micro_batches = 2, .reduction = Reduction::tree});
    reducer.add();
    EXPECT_THROW(reducer.finish(), base::Error);
}

}  // namespace
}  // namespace tessera::parallel
