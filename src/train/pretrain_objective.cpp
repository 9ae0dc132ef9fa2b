#include "pretrain_objective.hpp"

#include <algorithm>
#include <utility>

#include <tessera/batch/copy_baseline.hpp>
#include <tessera/train/plan.hpp>

namespace tessera::train {

namespace {

enum Place : std::size_t {
    masked = tokens_place + 1,
    masked_loss,
    masked_correct,
    masked_copied,
    same_origin_loss,
    same_origin_correct,
    places,
};

/// Place of a count that losses are divided by.
enum Count : std::size_t { masked_count, sequence_count, counts };

/// [4] what `add` reads.
at::Tensor values_of(model::PretrainOutput const& output) {
    return at::stack({output.mlm_loss_sum, output.mlm_correct, output.same_origin_loss_sum,
                      output.same_origin_correct})
        .detach();
}

void add(ExactSums& sums, batch::PretrainBatch const& batch, at::Tensor const& of_output) {
    sums.add(sequences_place, static_cast<double>(batch.size()));
    sums.add(tokens_place, static_cast<double>(batch.token_count()));
    sums.add(masked, static_cast<double>(batch.masked_count));
    sums.add(masked_copied, static_cast<double>(batch::copied_right(batch)));
    sums.add(of_output, [](ExactSums& of_step, std::span<float const> values) {
        of_step.add(masked_loss, static_cast<double>(values[0]));
        of_step.add(masked_correct, static_cast<double>(values[1]));
        of_step.add(same_origin_loss, static_cast<double>(values[2]));
        of_step.add(same_origin_correct, static_cast<double>(values[3]));
    });
}

double at_least_one(std::int64_t count) {
    return static_cast<double>(std::max<std::int64_t>(count, 1));
}

}  // namespace

PretrainObjective::PretrainObjective(model::PretrainModel model, PretrainWeights weights,
                                     Batches batches, HeldOut held_out)
    : model_(std::move(model)),
      weights_(weights),
      stream_(device_of(*model_)),
      batches_(std::move(batches)),
      held_out_(std::move(held_out)) {}

Counts PretrainObjective::load(std::int64_t step) {
    loaded_ = batches_(step);
    on_device_ = on_device(loaded_, stream_);
    Counts result(counts);
    for (auto const& batch : loaded_) {
        result[masked_count] += batch.masked_count;
        result[sequence_count] += batch.size();
    }
    return result;
}

at::Tensor PretrainObjective::loss(std::size_t micro_batch, Counts const& of_step,
                                   ExactSums& sums) {
    auto const output = model_->forward(on_device_[micro_batch]);
    add(sums, loaded_[micro_batch], values_of(output));
    return output.mlm_loss_sum * (weights_.masked / at_least_one(of_step[masked_count])) +
           output.same_origin_loss_sum *
               (weights_.same_origin / at_least_one(of_step[sequence_count]));
}

void PretrainObjective::record_passes(std::unique_ptr<device::WorkGraph> graph) {
    graph_ = std::move(graph);
}

at::Tensor PretrainObjective::factors(Counts const& of_step) const {
    return torch::tensor({weights_.masked / at_least_one(of_step[masked_count]),
                          weights_.same_origin / at_least_one(of_step[sequence_count])},
                         torch::kFloat);
}

void PretrainObjective::pass(std::size_t micro_batch, Counts const& of_step, ExactSums& sums,
                             Scale const& scaled) {
    if (!graph_ && !recorded_) return Objective::pass(micro_batch, of_step, sums, scaled);
    scaled_ = scaled;
    if (!recorded_) {
        std::vector<at::Tensor> gradients;
        for (auto const& parameter : model_->parameters()) {
            if (parameter.grad().defined()) gradients.push_back(parameter.grad());
        }
        recorded_.emplace(
            std::move(graph_),
            [this](batch::PretrainBatch const& batch, at::Tensor const& by) {
                auto const output = model_->forward(batch);
                auto const loss = output.mlm_loss_sum * by[0] + output.same_origin_loss_sum * by[1];
                scaled_(loss).backward();
                return values_of(output);
            },
            std::move(gradients));
    }
    auto const& batch = on_device_[micro_batch];
    auto const by = factors(of_step).to(batch.tokens.device(), /*non_blocking=*/true);
    add(sums, loaded_[micro_batch], recorded_->run(batch, by));
}

ExactSums PretrainObjective::no_sums() const {
    return ExactSums(places);
}

Metrics PretrainObjective::metrics(ExactSums const& sums) const {
    auto const tokens = std::max(sums[masked], 1.0);
    auto const sequences = std::max(sums[sequences_place], 1.0);
    auto const mlm_loss = sums[masked_loss] / tokens;
    auto const sop_loss = sums[same_origin_loss] / sequences;
    return {{"loss", weights_.masked * mlm_loss + weights_.same_origin * sop_loss},
            {"mlm_loss", mlm_loss},
            {"mlm_accuracy", sums[masked_correct] / tokens},
            {"copy_accuracy", sums[masked_copied] / tokens},
            {"sop_loss", sop_loss},
            {"sop_accuracy", sums[same_origin_correct] / sequences}};
}

double PretrainObjective::operations(ExactSums const& sums) const {
    auto const sequences = std::max(sums[sequences_place], 1.0);
    return sequences * sequence_flops(model_->encoder()->config(), sums[tokens_place] / sequences,
                                      sums[masked] / sequences);
}

ExactSums PretrainObjective::validate(Stop const& stop) {
    auto sums = no_sums();
    held_out_([&](batch::PretrainBatch const& batch) {
        add(sums, batch, values_of(model_->forward(batch::to_device(batch, device_of(*model_)))));
        return !stop();
    });
    sums.settle();
    return sums;
}

}  // namespace tessera::train
