#include "buckets.hpp"
#include "rank_sum.hpp"
#include "ready_hooks.hpp"

#include <bit>
#include <functional>
#include <optional>
#include <utility>

#include <tessera/base/error.hpp>
#include <tessera/parallel/gradient_reducer.hpp>

namespace tessera::parallel {

namespace {

bool is_power_of_two(std::int64_t value) {
    return value > 0 && std::has_single_bit(static_cast<std::uint64_t>(value));
}

std::vector<at::Tensor> leaves_of(FlatParameters const& parameters) {
    std::vector<at::Tensor> leaves;
    for (std::size_t i = 0; i < parameters.entries().size(); ++i)
        leaves.push_back(parameters.leaf(i));
    return leaves;
}

}  // namespace

Reduction natural_reduction(std::int64_t micro_batches, int ranks) {
    bool const tree =
        is_power_of_two(micro_batches) && is_power_of_two(ranks) && micro_batches >= ranks;
    return tree ? Reduction::tree : Reduction::sum;
}

/// The gradients of the last micro-batch of a step on their way: buckets leave in one order on all
/// ranks, each when it and those before it are complete.
class GradientReducer::Buckets {
  public:
    /// `complete` makes elements [begin, end) of the gradients this rank's sum.
    using Complete = std::function<void(std::int64_t begin, std::int64_t end)>;

    Buckets(FlatParameters& parameters, std::vector<Bucket> buckets,
            std::unique_ptr<RankSum> over_ranks, Complete complete)
        : parameters_(parameters),
          buckets_(std::move(buckets)),
          bucket_of_(parameters.entries().size()),
          missing_(buckets_.size()),
          over_ranks_(std::move(over_ranks)),
          complete_(std::move(complete)) {
        for (std::size_t i = 0; i < buckets_.size(); ++i) {
            for (auto const entry : buckets_[i].entries) bucket_of_[entry] = i;
        }
        reset();
    }

    /// Buckets leave during the backward pass while `now` says so.
    void overlap(std::function<bool()> now) {
        hooks_.emplace(leaves_of(parameters_), [this, now = std::move(now)](std::size_t entry) {
            if (!now()) return;
            --missing_[bucket_of_[entry]];
            while (next_ < buckets_.size() && missing_[next_] == 0) send_next();
        });
    }

    /// The rest leaves; returns when all have arrived.
    void finish() {
        while (next_ < buckets_.size()) send_next();
        over_ranks_->finish();
        reset();
    }

  private:
    void reset() {
        next_ = 0;
        for (std::size_t i = 0; i < buckets_.size(); ++i) missing_[i] = buckets_[i].entries.size();
    }

    void send_next() {
        at::NoGradGuard const no_gradients;
        auto const& bucket = buckets_[next_++];
        complete_(bucket.begin, bucket.end);
        over_ranks_->start(
            parameters_.gradients().narrow(0, bucket.begin, bucket.end - bucket.begin));
    }

    FlatParameters& parameters_;
    std::vector<Bucket> buckets_;
    std::vector<std::size_t> bucket_of_;  // [entries]
    std::vector<std::size_t> missing_;    // [buckets] entries that have no gradient yet
    std::size_t next_ = 0;
    std::unique_ptr<RankSum> over_ranks_;
    Complete complete_;
    std::optional<ReadyHooks> hooks_;
};

GradientReducer::GradientReducer(comm::Communicator comm, FlatParameters& parameters,
                                 Config const& config)
    : comm_(std::move(comm)),
      parameters_(parameters),
      reduction_(config.reduction),
      expected_(comm::shard(static_cast<std::size_t>(config.micro_batches), comm_).size()) {
    check(config);
    auto const levels = std::bit_width(expected_);
    if (reduction_ == Reduction::tree && levels > 2) {
        pending_.resize(levels - 1);
        for (std::size_t level = 1; level < pending_.size(); ++level)
            pending_[level] = at::empty_like(parameters_.gradients());
    }
    if (comm_.size() == 1) return;
    bool const overlapped = config.overlap == Overlap::on;
    buckets_ = std::make_unique<Buckets>(
        parameters_, cut_buckets(parameters_, overlapped ? config.bucket_bytes : 0),
        config.between_gpus != nullptr ? make_device_sum(*config.between_gpus, parameters_.device())
                                       : make_host_sum(comm_, reduction_, config.overlap),
        [this](std::int64_t begin, std::int64_t end) { join(expected_, begin, end); });
    if (overlapped) buckets_->overlap([this] { return added_ + 1 == expected_; });
}

GradientReducer::~GradientReducer() = default;

void GradientReducer::check(Config const& config) const {
    if (config.reduction == Reduction::sum) return;
    base::validate(
        natural_reduction(config.micro_batches, comm_.size()) == Reduction::tree,
        base::ExitCode::usage,
        "tree reduction wants powers of two: {} micro-batches a step on {} ranks; change "
        "--global-batch-size or --micro-batch-size, or choose --reduction sum",
        config.micro_batches, comm_.size());
    base::validate(config.between_gpus == nullptr, base::ExitCode::usage,
                   "--reduction tree is for CPUs: between GPUs NCCL orders the sums");
}

void GradientReducer::add() {
    ++added_;
    if (added_ < expected_) carry();  // the last one is joined by `finish`, or by hooks before it
}

/// Makes elements [begin, end) of the gradients the sum of all subtrees of this rank that are
/// complete with micro-batch `count`.
void GradientReducer::join(std::uint64_t count, std::int64_t begin, std::int64_t end) {
    parameters_.collect(begin, end);
    auto const height = static_cast<std::size_t>(std::countr_zero(count));
    auto const gradients = parameters_.gradients().narrow(0, begin, end - begin);
    if (reduction_ == Reduction::sum) return;
    for (std::size_t level = 1; level < height; ++level)
        gradients.add_(pending_[level].narrow(0, begin, end - begin));
}

/// Joins the subtree that is now complete with the left siblings that wait for it, and parks it.
void GradientReducer::carry() {
    join(added_, 0, parameters_.trainable());
    // The right child of the lowest level adds itself: backward passes add up in place.
    if (reduction_ == Reduction::sum || added_ % 2 != 0) return;
    pending_[static_cast<std::size_t>(std::countr_zero(added_))].copy_(parameters_.gradients());
    parameters_.zero_gradients();
}

void GradientReducer::finish() {
    base::validate(added_ == expected_, base::ExitCode::failed,
                   "{} micro-batches were added before finish, the step has {} on rank {}", added_,
                   expected_, comm_.rank());
    if (buckets_) {
        buckets_->finish();
    } else {
        join(added_, 0, parameters_.trainable());
    }
    added_ = 0;
}

std::uint64_t GradientReducer::bytes_a_step() const {
    return comm_.size() == 1 ? 0 : parameters_.gradients().nbytes();
}

}  // namespace tessera::parallel
