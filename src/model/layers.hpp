#pragma once

#include "dropout.hpp"
#include "products.hpp"
#include "row_layout.hpp"

#include <cstdint>
#include <string>

#include <torch/nn/module.h>

#include <tessera/model/bert_config.hpp>

namespace tessera::model {

/// x W^T + b; W [out, in], uninitialised (see initialise).
class DenseImpl : public torch::nn::Module {
  public:
    DenseImpl(std::int64_t in, std::int64_t out);
    torch::Tensor forward(torch::Tensor const& x) { return linear(x, weight, bias); }
    UnbiasedProduct unbiased(torch::Tensor const& x) { return unbiased_product(x, weight, bias); }

    torch::Tensor weight;
    torch::Tensor bias;
};
TORCH_MODULE(Dense);

/// Layer normalisation over the last dimension (Ba 2016): (x - mean) / sqrt(biased variance + eps),
/// or as in ET-BERT's code (x - mean) / (unbiased deviation + eps).
class NormImpl : public torch::nn::Module {
  public:
    explicit NormImpl(BertConfig const& config);
    torch::Tensor forward(torch::Tensor const& x);

    torch::Tensor weight;
    torch::Tensor bias;

  private:
    bool unbiased_;
    double eps_;
};
TORCH_MODULE(Norm);

/// One post-norm transformer layer over rows [R, H].
class TransformerLayerImpl : public torch::nn::Module {
  public:
    TransformerLayerImpl(BertConfig const& config, std::int64_t index);
    torch::Tensor forward(torch::Tensor const& x, RowLayout const& layout, Dropout const& dropout);

    /// [N, H] the chosen rows of that. Nothing else is computed but the keys and values that they
    /// look at; in padded layouts, where shapes must not change, all queries' mixtures too.
    torch::Tensor forward(torch::Tensor const& x, RowLayout const& layout, Dropout const& dropout,
                          RowChoice const& choice);

  private:
    torch::Tensor chosen_mixture(torch::Tensor const& x, torch::Tensor const& chosen,
                                 RowLayout const& layout, RowChoice const& choice,
                                 torch::Tensor const& keys);
    torch::Tensor after_attention(torch::Tensor const& x, torch::Tensor const& mixture,
                                  Dropout const& dropout);

    std::int64_t index_;
    std::int64_t heads_;
    double dropout_;
    double attention_dropout_;
    Dense qkv_;
    Dense attention_output_;
    Norm attention_norm_;
    Dense expand_;
    Dense contract_;
    Norm feed_forward_norm_;
};
TORCH_MODULE(TransformerLayer);

/// Token + position + segment embedding, norm and dropout.
class EmbeddingImpl : public torch::nn::Module {
  public:
    explicit EmbeddingImpl(BertConfig const& config);
    torch::Tensor forward(batch::Sequences const& sequences, RowLayout const& layout,
                          Dropout const& dropout);

    torch::Tensor const& token_table() const { return token_; }

  private:
    double dropout_;
    torch::Tensor token_;     // [V padded, H]
    torch::Tensor position_;  // [positions, H]
    torch::Tensor segment_;   // [segments, H]
    Norm norm_;
};
TORCH_MODULE(Embedding);

}  // namespace tessera::model
