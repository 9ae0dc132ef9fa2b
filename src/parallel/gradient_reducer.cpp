#include "tree_sum.hpp"

#include <bit>
#include <utility>

#include <tessera/base/error.hpp>
#include <tessera/parallel/gradient_reducer.hpp>

namespace tessera::parallel {

namespace {

bool is_power_of_two(std::int64_t value) {
    return value > 0 && std::has_single_bit(static_cast<std::uint64_t>(value));
}

}  // namespace

Reduction natural_reduction(std::int64_t micro_batches, int ranks) {
    bool const tree =
        is_power_of_two(micro_batches) && is_power_of_two(ranks) && micro_batches >= ranks;
    return tree ? Reduction::tree : Reduction::sum;
}

GradientReducer::GradientReducer(comm::Communicator comm, FlatParameters& parameters,
                                 std::int64_t micro_batches, Reduction reduction)
    : comm_(std::move(comm)),
      parameters_(parameters),
      reduction_(reduction),
      expected_(comm::shard(static_cast<std::size_t>(micro_batches), comm_).size()) {
    base::validate(
        reduction == Reduction::sum ||
            natural_reduction(micro_batches, comm_.size()) == Reduction::tree,
        base::ExitCode::usage,
        "tree reduction wants powers of two: {} micro-batches a step on {} ranks; change "
        "--global-batch-size or --micro-batch-size, or choose --reduction sum",
        micro_batches, comm_.size());
    auto const levels = std::bit_width(expected_);
    if (reduction_ == Reduction::tree && levels > 2) {
        pending_.resize(levels - 1);
        for (std::size_t level = 1; level < pending_.size(); ++level)
            pending_[level] = at::empty_like(parameters_.gradients());
    }
}

void GradientReducer::add() {
    ++added_;
    // The right child of the lowest level adds itself: autograd accumulates in place, once a leaf.
    if (reduction_ == Reduction::tree && added_ % 2 == 0) carry();
}

/// Joins the subtree that is now complete with the left siblings that wait for it; parks the result
/// unless it is this rank's whole share.
void GradientReducer::carry() {
    auto const height = static_cast<std::size_t>(std::countr_zero(added_));
    auto const& gradients = parameters_.gradients();
    for (std::size_t level = 1; level < height; ++level) gradients.add_(pending_[level]);
    if (added_ == expected_) return;
    pending_[height].copy_(gradients);
    parameters_.zero_gradients();
}

void GradientReducer::finish() {
    base::validate(added_ == expected_, base::ExitCode::failed,
                   "{} micro-batches were added before finish, the step has {} on rank {}", added_,
                   expected_, comm_.rank());
    added_ = 0;
    if (comm_.size() == 1) return;
    auto const values = elements(parameters_.gradients());
    if (reduction_ == Reduction::tree) {
        tree_sum(comm_, values);
    } else {
        comm::all_reduce(comm_, values, comm::Op::sum);
    }
    bytes_sent_ += values.size_bytes();
}

}  // namespace tessera::parallel
