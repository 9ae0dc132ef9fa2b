#pragma once

#include "objective.hpp"

#include <functional>
#include <memory>
#include <vector>

#include <tessera/batch/batch.hpp>
#include <tessera/model/packet_sae.hpp>

namespace tessera::train {

/// One layer of a stacked auto-encoder learns to code what the layers below it say: mean squared
/// error, labels unused. The layers below stay as they are.
class LayerCoderObjective final : public Objective {
  public:
    using Batches = std::function<std::vector<batch::ClassifierBatch>(std::int64_t step)>;
    using HeldOut = std::function<void(std::function<bool(batch::ClassifierBatch const&)> const&)>;

    LayerCoderObjective(std::shared_ptr<model::PacketSaeImpl> stack, std::size_t depth,
                        std::uint64_t seed, Batches batches, HeldOut held_out);

    torch::nn::Module& module() override { return *coder_; }
    model::LayerCoderImpl const& coder() const { return *coder_; }

    Counts load(std::int64_t step) override;
    std::size_t micro_batches() const override { return loaded_.size(); }
    at::Tensor loss(std::size_t micro_batch, Counts const& of_step, ExactSums& sums) override;
    ExactSums no_sums() const override;
    Metrics metrics(ExactSums const& sums) const override;  ///< loss
    ExactSums validate(Stop const& stop) override;

    /// The error on held-out data, the sign turned.
    std::optional<double> score(Metrics const& held_out) const override;

  private:
    at::Tensor error_sum(batch::ClassifierBatch const& batch, ExactSums& sums);

    std::shared_ptr<model::PacketSaeImpl> stack_;
    std::size_t depth_;
    std::shared_ptr<model::LayerCoderImpl> coder_;
    Batches batches_;
    HeldOut held_out_;
    std::vector<batch::ClassifierBatch> loaded_;
};

}  // namespace tessera::train
