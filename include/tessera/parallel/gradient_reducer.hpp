#pragma once

#include <cstdint>
#include <vector>

#include <tessera/comm/communicator.hpp>
#include <tessera/parallel/flat_parameters.hpp>

namespace tessera::parallel {

/// How gradients of the micro-batches of one step become one sum.
enum class Reduction {
    tree,  ///< a fixed binary tree over the micro-batch index: the same bits on 1, 2, 4, .. ranks
    sum,   ///< in order on a rank, then MPI's sum over ranks: any count, bits depend on the ranks
};

/// `tree` when the micro-batches of a step and the ranks are powers of two and every rank has some.
Reduction natural_reduction(std::int64_t micro_batches, int ranks);

/// Adds the gradients of all micro-batches of a step on all ranks. The loop knows two verbs: `add`
/// after each backward pass, `finish` after the last. Gradients start the step at zero.
///
/// Tree: micro-batch gradients g0..g(M-1) are summed as ((g0+g1)+(g2+g3))+.., each rank its own
/// subtree (its micro-batches are a contiguous slice), then ranks pairwise by recursive doubling.
/// Costs log2(M/ranks) - 1 more gradient buffers on a rank.
class GradientReducer {
  public:
    /// `micro_batches`: of the whole step, dealt over ranks by comm::shard. Error(usage) when they
    /// cannot form the tree asked for.
    GradientReducer(comm::Communicator comm, FlatParameters& parameters, std::int64_t micro_batches,
                    Reduction reduction);

    /// One micro-batch's backward pass has added into the gradients.
    void add();

    /// All of this rank's micro-batches are added; afterwards the gradients are the sum over all
    /// ranks, equal on all of them. Collective.
    void finish();

    std::uint64_t bytes_sent() const { return bytes_sent_; }  ///< by this rank so far, estimate

  private:
    void carry();
    void sum_over_tree();

    comm::Communicator comm_;
    FlatParameters& parameters_;
    Reduction reduction_;
    std::uint64_t expected_;  // micro-batches of this rank in a step
    std::uint64_t added_ = 0;
    std::vector<at::Tensor> pending_;  // [level] left subtrees waiting for their right sibling
    std::uint64_t bytes_sent_ = 0;
};

}  // namespace tessera::parallel
