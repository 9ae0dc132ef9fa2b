#pragma once

#include "dropout.hpp"
#include "layers.hpp"
#include "packet_cnn_inference.hpp"

#include <cstdint>
#include <optional>

#include <torch/nn/module.h>

#include <tessera/model/classifier.hpp>

namespace tessera::model {

/// x [B, in, L] -> [B, out, (L - kernel) / stride + 1]; W [out, in, kernel].
class ConvolutionImpl : public torch::nn::Module {
  public:
    ConvolutionImpl(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride);
    torch::Tensor forward(torch::Tensor const& x) {
        return at::conv1d(x, weight, bias, at::IntArrayRef(stride_));
    }

    torch::Tensor weight;
    torch::Tensor bias;

  private:
    std::int64_t stride_;
};
TORCH_MODULE(Convolution);

/// [B, 1, packet_bytes] in 0 .. 1: the bytes of one packet a sample, zeros behind the last.
torch::Tensor packet_bytes_of(batch::Sequences const& sequences, ByteTokens tokens);

/// The three hidden layers that both nets of Deep Packet end with, and the output layer:
/// 200-100-50, each dropped and then rectified (munhouiani/Deep-Packet, ml/model.py).
class DenseTailImpl : public torch::nn::Module {
  public:
    DenseTailImpl(std::int64_t inputs, std::int64_t classes);

    /// [B, inputs] -> [B, classes]; `sequences` null: nothing is dropped.
    torch::Tensor forward(torch::Tensor const& x, batch::Sequences const* sequences,
                          std::uint64_t seed);

    /// [B, classes] from the first hidden layer [B, 200] before it is rectified; nothing is
    /// dropped.
    torch::Tensor from_first(torch::Tensor const& hidden);

    Dense const& first() const { return hidden1_; }

  private:
    Dense hidden1_;
    Dense hidden2_;
    Dense hidden3_;
    Dense output_;
};
TORCH_MODULE(DenseTail);

/// Deep Packet's convolutional net (Lotfollahi 2017, 4.4.2, in the sizes of the authors' best
/// models): two convolutions, a maximum over pairs, three hidden layers.
class PacketCnnImpl : public Classifier {
  public:
    PacketCnnImpl(PacketCnnConfig const& config, std::int64_t classes);

    torch::Tensor logits(batch::ClassifierBatch const& batch) override;
    void initialise(std::uint64_t seed) override;
    void freeze_encoder() override;
    void train(bool on = true) override;

    /// [B, classes] from packets [B, 1, packet_bytes]; `sequences` keys the dropout, null: none.
    torch::Tensor logits_of(torch::Tensor const& packets, batch::Sequences const* sequences);

    /// The same to rounding, faster: in evaluation mode, on the CPU, without gradients.
    torch::Tensor inferred(torch::Tensor const& packets);

  private:
    std::uint64_t dropout_seed_ = 0;
    ByteTokens tokens_;
    PacketCnnConfig config_;
    std::optional<PacketCnnInference> inference_;  // made from the weights when first asked for
    Convolution convolution1_;
    Convolution convolution2_;
    DenseTail tail_;
};
TORCH_MODULE(PacketCnn);

}  // namespace tessera::model
