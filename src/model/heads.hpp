#pragma once

#include "layers.hpp"
#include "vocabulary_loss.hpp"

#include <torch/nn/module.h>

#include <tessera/batch/batch.hpp>
#include <tessera/model/bert_config.hpp>

namespace tessera::model {

/// Predicts the ids under masked places: dense layer, GELU and norm on those rows alone, then the
/// output layer (Devlin 2019).
class MaskedHeadImpl : public torch::nn::Module {
  public:
    explicit MaskedHeadImpl(BertConfig const& config);

    /// `rows` [N, H]: the encoder's output at the batch's first N masked places. `table`
    /// [V padded, H]: the token embedding, used where the weights are tied.
    VocabularyLoss forward(torch::Tensor const& rows, batch::PretrainBatch const& batch,
                           torch::Tensor const& table);

    /// [N, vocabulary] logits for rows [N, H].
    torch::Tensor logits(torch::Tensor const& rows, torch::Tensor const& table);

  private:
    torch::Tensor transformed(torch::Tensor const& rows);
    torch::Tensor const& output_of(torch::Tensor const& table) const;

    std::int64_t vocabulary_;
    Dense transform_;
    Norm norm_;
    torch::Tensor output_;  // [V padded, H]; undefined: tied
    torch::Tensor bias_;    // [V padded]
};

/// tanh layer and output layer on the rows of the first tokens: [B, H] -> [B, classes].
class PooledHeadImpl : public torch::nn::Module {
  public:
    PooledHeadImpl(BertConfig const& config, std::int64_t classes);
    torch::Tensor forward(torch::Tensor const& first, torch::Tensor const& dropout_keys);

  private:
    double dropout_;
    Dense pool_;
    Dense output_;
};

}  // namespace tessera::model
