#pragma once

#include "device_batches.hpp"
#include "objective.hpp"

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include <tessera/batch/batch.hpp>
#include <tessera/model/classifier.hpp>

namespace tessera::train {

/// Cross-entropy over labelled sequences, each class with a weight; the best checkpoint is the one
/// with the highest macro-F1 on held-out data.
class ClassifierObjective final : public Objective {
  public:
    using Batches = std::function<std::vector<batch::ClassifierBatch>(std::int64_t step)>;
    using HeldOut = std::function<void(std::function<bool(batch::ClassifierBatch const&)> const&)>;

    /// `class_weights`: one a class, 1 for an even treatment. The model computes on the device that
    /// its parameters lie on now.
    ClassifierObjective(std::shared_ptr<model::Classifier> model, std::vector<double> class_weights,
                        Batches batches, HeldOut held_out);

    torch::nn::Module& module() override { return *model_; }

    /// Labels of each class.
    Counts load(std::int64_t step) override;
    std::size_t micro_batches() const override { return loaded_.size(); }
    at::Tensor loss(std::size_t micro_batch, Counts const& of_step, ExactSums& sums) override;
    ExactSums no_sums() const override;

    /// loss, accuracy, macro_f1 (over the classes that occur as label or prediction).
    Metrics metrics(ExactSums const& sums) const override;
    ExactSums validate(Stop const& stop) override;
    std::optional<double> score(Metrics const& held_out) const override;

  private:
    at::Tensor weighted_loss(batch::ClassifierBatch const& host,
                             batch::ClassifierBatch const& batch, ExactSums& sums);
    void add_answers(ExactSums& sums, std::span<std::int64_t const> labels,
                     std::span<float const> predicted) const;
    double weight_of(Counts const& labels) const;

    std::shared_ptr<model::Classifier> model_;
    std::vector<double> class_weights_;
    at::Tensor weights_;  // [classes] float
    device::SideStream stream_;
    Batches batches_;
    HeldOut held_out_;
    std::vector<batch::ClassifierBatch> loaded_;
    std::vector<batch::ClassifierBatch> on_device_;  // the same
};

}  // namespace tessera::train
