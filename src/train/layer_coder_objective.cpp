#include "layer_coder_objective.hpp"

#include "device_batches.hpp"

#include <algorithm>
#include <utility>

namespace tessera::train {
namespace {

constexpr std::size_t errors = tokens_place + 1;
constexpr std::size_t places = errors + 1;

}  // namespace

LayerCoderObjective::LayerCoderObjective(std::shared_ptr<model::PacketSaeImpl> stack,
                                         std::size_t depth, std::uint64_t seed, Batches batches,
                                         HeldOut held_out)
    : stack_(std::move(stack)),
      depth_(depth),
      coder_(stack_->coder_of(depth, seed)),
      batches_(std::move(batches)),
      held_out_(std::move(held_out)) {
    coder_->to(device_of(*stack_));
}

Counts LayerCoderObjective::load(std::int64_t step) {
    loaded_ = batches_(step);
    Counts sequences(1);
    for (auto const& batch : loaded_) sequences[0] += batch.size();
    return sequences;
}

at::Tensor LayerCoderObjective::error_sum(batch::ClassifierBatch const& batch, ExactSums& sums) {
    at::Tensor inputs;
    {
        at::NoGradGuard const no_gradients;
        inputs = stack_->inputs_of(depth_, batch::to_device(batch, device_of(*stack_)));
    }
    auto const error = coder_->errors(inputs).sum();
    sums.add(sequences_place, static_cast<double>(batch.size()));
    sums.add(tokens_place, static_cast<double>(batch.token_count()));
    sums.add(error.reshape({1}), [](ExactSums& of_step, std::span<float const> read) {
        of_step.add(errors, static_cast<double>(read[0]));
    });
    return error;
}

at::Tensor LayerCoderObjective::loss(std::size_t micro_batch, Counts const& of_step,
                                     ExactSums& sums) {
    auto const sequences = std::max<std::int64_t>(of_step[0], 1);
    return error_sum(loaded_[micro_batch], sums) / static_cast<double>(sequences);
}

ExactSums LayerCoderObjective::no_sums() const {
    return ExactSums(places);
}

Metrics LayerCoderObjective::metrics(ExactSums const& sums) const {
    return {{"loss", sums[errors] / std::max(sums[sequences_place], 1.0)}};
}

ExactSums LayerCoderObjective::validate(Stop const& stop) {
    auto sums = no_sums();
    held_out_([&](batch::ClassifierBatch const& batch) {
        error_sum(batch, sums);
        return !stop();
    });
    sums.settle();
    return sums;
}

std::optional<double> LayerCoderObjective::score(Metrics const& held_out) const {
    return -metric(held_out, "loss");
}

}  // namespace tessera::train
