#pragma once

#include "objective.hpp"

#include <cmath>
#include <limits>

#include <torch/nn/modules/linear.h>

#include <tessera/base/random.hpp>
#include <tessera/comm/communicator.hpp>

namespace tessera::train {

/// Two layers that learn which of four numbers is the largest; samples are pure functions of
/// (seed, place in the sample order), as those of a loader are.
class TinyObjective final : public Objective {
  public:
    struct Net : torch::nn::Module {
        Net() {
            first = register_module("first", torch::nn::Linear(4, 16));
            last = register_module("last", torch::nn::Linear(16, 4));
        }
        at::Tensor forward(at::Tensor const& x) { return last(first(x).tanh()); }
        torch::nn::Linear first{nullptr};
        torch::nn::Linear last{nullptr};
    };

    TinyObjective(comm::Communicator comm, std::int64_t micro_batches, std::int64_t rows)
        : comm_(std::move(comm)), micro_batches_(micro_batches), rows_(rows) {
        at::manual_seed(5);
        net_ = std::make_shared<Net>();
    }

    /// The loss becomes NaN in that step on that rank (-1: on none).
    std::int64_t bad_from = -1;
    std::int64_t bad_until = -1;
    int bad_rank = 0;
    /// The held-out loss is NaN from that step on (-1: never).
    std::int64_t bad_held_out_from = -1;
    /// After so many steps the held-out score is the best of all (-1: as it comes).
    std::int64_t best_held_out = -1;

    torch::nn::Module& module() override { return *net_; }

    Counts load(std::int64_t step) override {
        step_ = step;
        share_ = comm::shard(static_cast<std::size_t>(micro_batches_), comm_);
        return {static_cast<std::int64_t>(share_.size()) * rows_};
    }
    std::size_t micro_batches() const override { return share_.size(); }

    at::Tensor loss(std::size_t micro_batch, Counts const& of_step, ExactSums& sums) override {
        auto const place =
            static_cast<std::uint64_t>(step_ * micro_batches_) + share_.begin + micro_batch;
        auto loss = loss_sum(place, sums) / static_cast<double>(of_step[0]);
        bool const bad = step_ >= bad_from && step_ < bad_until && comm_.rank() == bad_rank;
        return bad ? loss * std::numeric_limits<double>::quiet_NaN() : loss;
    }

    ExactSums no_sums() const override { return ExactSums(4); }

    Metrics metrics(ExactSums const& sums) const override {
        return {{"loss", sums[2] / sums[0]}, {"accuracy", sums[3] / sums[0]}};
    }

    ExactSums validate(Stop const& stop) override {
        auto sums = no_sums();
        auto const share = comm::shard(4, comm_);
        for (auto i = share.begin; i < share.end; ++i) {
            loss_sum(1'000'000 + i, sums);
            if (stop()) break;
        }
        if (bad_held_out_from >= 0 && step_ >= bad_held_out_from)
            sums.add(2, std::numeric_limits<double>::quiet_NaN());
        return sums;
    }

    std::optional<double> score(Metrics const& held_out) const override {
        return step_ + 1 == best_held_out ? 1.0 : -metric(held_out, "loss");
    }

  private:
    at::Tensor loss_sum(std::uint64_t place, ExactSums& sums) {
        auto x = at::empty({rows_, 4});
        base::RandomStream random(9, base::Purpose::test, 0, place);
        for (auto& value : std::span(x.data_ptr<float>(), static_cast<std::size_t>(x.numel())))
            value = static_cast<float>(random.uniform());
        auto const target = x.argmax(1);
        auto const logits = net_->forward(x.to(net_->first->weight.scalar_type())).to(at::kFloat);
        auto const loss = at::cross_entropy_loss(logits, target, {}, at::Reduction::Sum);
        sums.add(sequences_place, static_cast<double>(rows_));
        sums.add(tokens_place, static_cast<double>(4 * rows_));
        sums.add(2, loss.item<double>());
        sums.add(3, (logits.argmax(1) == target).sum().item<double>());
        return loss;
    }

    comm::Communicator comm_;
    std::int64_t micro_batches_;
    std::int64_t rows_;
    std::shared_ptr<Net> net_;
    std::int64_t step_ = 0;
    comm::Slice share_;
};

}  // namespace tessera::train
