#pragma once

#include "device_batches.hpp"
#include "objective.hpp"
#include "recorded_pass.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <tessera/batch/batch.hpp>
#include <tessera/model/pretrain_model.hpp>

namespace tessera::train {

/// Weights of the two losses in the sum that is minimised; the reference takes 0.1 and 1.
struct PretrainWeights {
    double masked = 1;
    double same_origin = 1;
};

/// Masked-burst and same-origin pre-training (ET-BERT, WWW'22, 3.2): mean loss over the masked
/// tokens of the step plus mean loss over its sequences.
class PretrainObjective final : public Objective {
  public:
    /// Batches of a step, or all held-out ones, of this rank.
    using Batches = std::function<std::vector<batch::PretrainBatch>(std::int64_t step)>;
    using HeldOut = std::function<void(std::function<bool(batch::PretrainBatch const&)> const&)>;

    /// The model computes on the device that its parameters lie on now.
    PretrainObjective(model::PretrainModel model, PretrainWeights weights, Batches batches,
                      HeldOut held_out);

    torch::nn::Module& module() override { return *model_; }
    Counts load(std::int64_t step) override;
    std::size_t micro_batches() const override { return loaded_.size(); }
    at::Tensor loss(std::size_t micro_batch, Counts const& of_step, ExactSums& sums) override;
    void pass(std::size_t micro_batch, Counts const& of_step, ExactSums& sums,
              Scale const& scaled) override;
    ExactSums no_sums() const override;

    /// From here on `graph` records a pass and replays it, see RecordedPass. Gradients must be at
    /// their places before the first one, and nobody may wait for hooks of autograd.
    void record_passes(std::unique_ptr<device::WorkGraph> graph);

    /// loss, mlm_loss, mlm_accuracy, copy_accuracy (what copying from neighbours would get),
    /// sop_loss, sop_accuracy.
    Metrics metrics(ExactSums const& sums) const override;
    double operations(ExactSums const& sums) const override;
    ExactSums validate(Stop const& stop) override;

    /// None: what counts is how the weights do later, so the last ones stay.
    std::optional<double> score(Metrics const&) const override { return std::nullopt; }

  private:
    /// [2] what the sums of both losses are multiplied by, on the host.
    at::Tensor factors(Counts const& of_step) const;

    model::PretrainModel model_;
    PretrainWeights weights_;
    device::SideStream stream_;
    Batches batches_;
    HeldOut held_out_;
    std::vector<batch::PretrainBatch> loaded_;
    std::vector<batch::PretrainBatch> on_device_;  // the same
    std::unique_ptr<device::WorkGraph> graph_;     // until the first pass
    std::optional<RecordedPass> recorded_;
    Scale scaled_;  // of the pass that is taken
};

}  // namespace tessera::train
