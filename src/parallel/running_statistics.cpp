#include <utility>

#include <tessera/parallel/flat_parameters.hpp>
#include <tessera/parallel/running_statistics.hpp>

namespace tessera::parallel {

namespace {

std::vector<torch::nn::BatchNorm1dImpl*> norms_of(torch::nn::Module& module) {
    std::vector<torch::nn::BatchNorm1dImpl*> norms;
    module.apply([&](torch::nn::Module& part) {
        if (auto* norm = part.as<torch::nn::BatchNorm1d>()) norms.push_back(norm);
    });
    return norms;
}

/// Makes `buffer` the elements of `flat` from `offset` on, with its values.
void move_into(at::Tensor const& flat, std::int64_t offset, at::Tensor& buffer) {
    auto const view = flat.narrow(0, offset, buffer.numel());
    view.copy_(buffer);
    buffer.set_data(view);
}

}  // namespace

RunningStatistics::RunningStatistics(comm::Communicator comm, torch::nn::Module& module,
                                     std::int64_t micro_batches)
    : comm_(std::move(comm)), micro_batches_(micro_batches), norms_(norms_of(module)) {
    if (norms_.empty()) return;
    std::int64_t total = 0;
    for (auto const* norm : norms_) total += 2 * norm->running_mean.numel();
    values_ = at::zeros({total}, norms_.front()->running_mean.options());
    before_ = at::zeros_like(values_);
    momentum_ = at::zeros_like(values_);
    collected_ = at::zeros({micro_batches_, total}, values_.options());
    std::int64_t offset = 0;
    for (auto* norm : norms_) {
        take_over(*norm, offset);
        offset += 2 * norm->running_mean.numel();
    }
}

RunningStatistics::~RunningStatistics() {
    for (std::size_t i = 0; i < norms_.size(); ++i) norms_[i]->options.momentum(momentums_[i]);
}

// With a momentum of 1 a norm holds what it saw last: the statistics of one micro-batch.
void RunningStatistics::take_over(torch::nn::BatchNorm1dImpl& norm, std::int64_t offset) {
    auto const features = norm.running_mean.numel();
    momentums_.push_back(norm.options.momentum().value());
    momentum_.narrow(0, offset, 2 * features).fill_(momentums_.back());
    move_into(values_, offset, norm.running_mean);
    move_into(values_, offset + features, norm.running_var);
    norm.options.momentum(1.0);
}

void RunningStatistics::begin_step() {
    if (norms_.empty()) return;
    at::NoGradGuard const no_gradients;
    before_.copy_(values_);
    collected_.zero_();
    std::vector<at::Tensor> counts;
    for (auto const* norm : norms_) counts.push_back(norm->num_batches_tracked);
    counts_before_ = at::stack(counts);
}

// Even a momentum of 1 adds nothing times the old value, which is no number if the last micro-batch
// left none.
void RunningStatistics::collect(std::int64_t index) {
    if (norms_.empty()) return;
    at::NoGradGuard const no_gradients;
    collected_[index].copy_(values_);
    values_.copy_(before_);
}

// Each row has one rank that knows it; the zeros of the others change no bit of the sum.
void RunningStatistics::end_step(at::Tensor const& left_out) {
    if (norms_.empty()) return;
    at::NoGradGuard const no_gradients;
    auto rows = collected_;
    if (comm_.size() > 1) {
        auto const host = rows.to(at::kCPU);
        comm::all_reduce(comm_, elements(host), comm::Op::sum);
        rows = host.to(values_.device());
    }
    auto mixed = before_.clone();
    for (std::int64_t i = 0; i < micro_batches_; ++i) mixed.lerp_(rows[i], momentum_);
    auto const stays = left_out.to(at::kBool);
    values_.copy_(at::where(stays, before_, mixed));
    auto const counts = at::where(stays, counts_before_, counts_before_ + micro_batches_);
    for (std::size_t i = 0; i < norms_.size(); ++i) {
        norms_[i]->num_batches_tracked.copy_(counts[static_cast<std::int64_t>(i)]);
    }
}

}  // namespace tessera::parallel
