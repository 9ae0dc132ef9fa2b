#pragma once

#include "dropout.hpp"
#include "layers.hpp"

#include <cstdint>
#include <vector>

#include <torch/nn/module.h>

#include <tessera/batch/batch.hpp>
#include <tessera/model/classifier_config.hpp>

namespace tessera::model {

/// Classes from what the first N packets of a flow show beside their bytes: payload sizes,
/// directions, gaps and TCP flags, the features that look-ups and forests win with (Luxemburk and
/// Hynek 2023 on packet sequences; FS-Net, Liu 2019). Each packet becomes a vector, residual
/// convolutions mix neighbours, mean and maximum over the packets go through a hidden layer.
/// Sizes and gaps enter as piecewise-linear codes of their logarithm (Gorishniy 2022): a small net
/// then separates sizes as sharply as a tree does.
class PacketSequenceNetImpl : public torch::nn::Module {
  public:
    PacketSequenceNetImpl(PacketSequenceConfig const& config, std::int64_t packets,
                          std::int64_t classes);

    /// [B, classes] logits; `dropout_seed` counts in training mode only.
    torch::Tensor forward(batch::ClassifierBatch const& batch, std::uint64_t dropout_seed);

  private:
    class Drops;

    torch::Tensor mixed_over_packets(torch::Tensor const& packets, torch::Tensor const& present,
                                     Drops const& drops);

    PacketSequenceConfig config_;
    Dense input_;
    torch::Tensor position_;  // [N, width]
    Norm input_norm_;
    std::vector<Dense> convolutions_;  // [width, kernel * width] each
    std::vector<Norm> norms_;
    Dense hidden_;
    Dense output_;
};
TORCH_MODULE(PacketSequenceNet);

}  // namespace tessera::model
