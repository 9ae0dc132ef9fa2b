#pragma once

#include "packet_cnn.hpp"

#include <cstdint>
#include <memory>
#include <vector>

#include <torch/nn/modules/batchnorm.h>

#include <tessera/model/classifier.hpp>

namespace tessera::model {

/// The residual net of munhouiani/Deep-Packet (ml/model.py over resnet1d of hsd1503):
/// pre-activation blocks of 16 filters, every second one at a third of the length; mean over the
/// length, a dense layer, a maximum over pairs of its outputs, and the hidden layers of Deep
/// Packet.
class PacketResnetImpl : public Classifier {
  public:
    PacketResnetImpl(PacketResnetConfig const& config, std::int64_t classes);
    ~PacketResnetImpl() override;

    torch::Tensor logits(batch::ClassifierBatch const& batch) override;
    void initialise(std::uint64_t seed) override;
    void freeze_encoder() override;

    /// [B, classes] from packets [B, 1, packet_bytes]; `sequences` keys the dropout, null: none.
    torch::Tensor logits_of(torch::Tensor const& packets, batch::Sequences const* sequences);

  private:
    class BlockImpl;

    std::uint64_t dropout_seed_ = 0;
    ByteTokens tokens_;
    std::int64_t kernel_;
    Convolution first_;
    torch::nn::BatchNorm1d first_norm_;
    std::vector<std::shared_ptr<BlockImpl>> blocks_;
    torch::nn::BatchNorm1d last_norm_;
    Dense dense_;
    DenseTail tail_;
};
TORCH_MODULE(PacketResnet);

}  // namespace tessera::model
