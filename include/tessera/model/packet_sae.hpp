#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <torch/nn/module.h>

#include <tessera/model/classifier.hpp>

namespace tessera::model {

class DenseImpl;

/// One layer of the stack with a layer that gives its input back: what is trained greedily.
class LayerCoderImpl : public torch::nn::Module {
  public:
    LayerCoderImpl(std::int64_t inputs, std::int64_t outputs);

    /// [B] squared error a sample, mean over the inputs [B, inputs].
    torch::Tensor errors(torch::Tensor const& x);

    std::shared_ptr<DenseImpl> encode;  // read by the stack
  private:
    std::shared_ptr<DenseImpl> decode_;
};

/// Deep Packet's stacked auto-encoder (Lotfollahi 2017, 4.4.1): five dense layers
/// 400-300-200-100-50 with ReLU, each dropped by 0.05, and an output layer; the layers learn to
/// code their inputs one after the other before all of them learn the classes.
class PacketSaeImpl : public Classifier {
  public:
    PacketSaeImpl(std::int64_t classes, ByteTokens tokens);

    torch::Tensor logits(batch::ClassifierBatch const& batch) override;
    void initialise(std::uint64_t seed) override;
    void freeze_encoder() override;

    static std::size_t layers();

    /// [B, inputs of layer `depth`]: the packets through the layers below, without dropout.
    torch::Tensor inputs_of(std::size_t depth, batch::Sequences const& sequences);

    /// A coder that begins with the weights of layer `depth`, and its way back into the stack.
    std::shared_ptr<LayerCoderImpl> coder_of(std::size_t depth, std::uint64_t seed);
    void take(std::size_t depth, LayerCoderImpl const& coder);

  private:
    std::uint64_t dropout_seed_ = 0;
    ByteTokens tokens_;
    std::vector<std::shared_ptr<DenseImpl>> hidden_;
    std::shared_ptr<DenseImpl> output_;
};

}  // namespace tessera::model
