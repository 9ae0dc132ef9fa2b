#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <tessera/comm/communicator.hpp>
#include <tessera/device/device_collectives.hpp>
#include <tessera/parallel/flat_parameters.hpp>

namespace tessera::parallel {

/// How gradients of the micro-batches of one step become one sum.
enum class Reduction {
    tree,  ///< a fixed binary tree over the micro-batch index: the same bits on 1, 2, 4, .. ranks
    sum,   ///< in order on a rank, then MPI's or NCCL's sum over ranks: bits depend on the ranks
};

/// When gradients travel.
enum class Overlap {
    off,  ///< all at once behind the last backward pass
    on,   ///< in buckets, as soon as that pass has completed them (Li 2020, PyTorch Distributed)
};

/// `tree` when the micro-batches of a step and the ranks are powers of two and every rank has some.
Reduction natural_reduction(std::int64_t micro_batches, int ranks);

/// Adds the gradients of all micro-batches of a step on all ranks. The loop knows two verbs: `add`
/// after each backward pass, `finish` after the last. Gradients start the step at zero.
///
/// Tree: micro-batch gradients g0..g(M-1) are summed as ((g0+g1)+(g2+g3))+.., each rank its own
/// subtree (its micro-batches are a contiguous slice), then ranks pairwise by recursive doubling.
/// Costs log2(M/ranks) - 1 more gradient buffers on a rank. Both orders are by element, so buckets
/// and overlap change no bit of a tree; MPI and NCCL may order sums of more than two ranks by size.
class GradientReducer {
  public:
    struct Config {
        std::int64_t micro_batches = 1;  ///< of the whole step, dealt over ranks by comm::shard
        Reduction reduction = Reduction::sum;
        Overlap overlap = Overlap::off;
        std::int64_t bucket_bytes = std::int64_t{25} << 20;  ///< least size of one, overlapped
        device::DeviceCollectives* between_gpus = nullptr;   ///< outlives it; null: over MPI
    };

    /// Error(usage) when the micro-batches cannot form the tree asked for, and for one between
    /// GPUs, where NCCL orders the sums.
    GradientReducer(comm::Communicator comm, FlatParameters& parameters, Config const& config);
    ~GradientReducer();

    /// One micro-batch's backward pass has added into the gradients.
    void add();

    /// All of this rank's micro-batches are added; afterwards the gradients are the sum over all
    /// ranks, equal on all of them. Collective.
    void finish();

    /// Bytes of gradients that a step sums over ranks; 0 on one rank.
    std::uint64_t bytes_a_step() const;

  private:
    class Buckets;

    void carry();
    void join(std::uint64_t count, std::int64_t begin, std::int64_t end);
    void check(Config const& config) const;

    comm::Communicator comm_;
    FlatParameters& parameters_;
    Reduction reduction_;
    std::uint64_t expected_;  // micro-batches of this rank in a step
    std::uint64_t added_ = 0;
    std::vector<at::Tensor> pending_;  // [level] left subtrees waiting for their right sibling
    std::unique_ptr<Buckets> buckets_;
};

}  // namespace tessera::parallel
