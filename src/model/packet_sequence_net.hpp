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
/// Sizes and gaps enter as piecewise-linear codes of their logarithm (Gorishniy 2022): near sizes
/// look alike. Each size has a learned vector too, for protocols that are told by exact lengths, as
/// trees tell them.
class PacketSequenceNetImpl : public torch::nn::Module {
  public:
    PacketSequenceNetImpl(PacketSequenceConfig const& config, std::int64_t packets,
                          std::int64_t classes);

    /// Weights drawn from `seed`; vectors of sizes at zero, so that one never seen says nothing.
    void initialise(std::uint64_t seed);

    /// [B, classes] logits; `dropout_seed` counts in training mode only.
    torch::Tensor forward(batch::ClassifierBatch const& batch, std::uint64_t dropout_seed);

  private:
    class Drops;

    torch::Tensor seen_of(torch::Tensor const& packets);
    torch::Tensor mixed_over_packets(torch::Tensor const& packets, torch::Tensor const& present,
                                     Drops const& drops);

    PacketSequenceConfig config_;
    Dense input_;
    torch::Tensor position_;    // [N, width]
    torch::Tensor exact_size_;  // [2 * (exact_sizes + 1), width]; undefined: none
    Norm input_norm_;
    std::vector<Dense> convolutions_;  // [width, kernel * width] each
    std::vector<Norm> norms_;
    Dense hidden_;
    Dense output_;
};
TORCH_MODULE(PacketSequenceNet);

}  // namespace tessera::model
