#pragma once

#include <torch/nn/module.h>

#include <tessera/batch/batch.hpp>
#include <tessera/model/bert_config.hpp>
#include <tessera/model/encoder.hpp>

namespace tessera::model {

class MaskedHeadImpl;
class PooledHeadImpl;

/// Sums over the batch: divide by counts that are global over ranks and micro-batches.
struct PretrainOutput {
    torch::Tensor mlm_loss_sum;          ///< [] over masked tokens; count: batch.masked_count
    torch::Tensor mlm_correct;           ///< [] float
    torch::Tensor same_origin_loss_sum;  ///< [] over sequences; count: batch.size()
    torch::Tensor same_origin_correct;   ///< [] float
};

/// Encoder with the masked-burst head and the same-origin head (ET-BERT, WWW'22, 3.2).
/// Parameter names start with encoder., masked. or same_origin.; no parameter is held twice.
class PretrainModelImpl : public torch::nn::Module {
  public:
    explicit PretrainModelImpl(BertConfig const& config);

    PretrainOutput forward(batch::PretrainBatch const& batch);

    BertEncoder encoder() const { return encoder_; }  ///< a handle, not a copy

    /// [N, V] logits over the vocabulary at flat places b*S + s, for inspection.
    torch::Tensor masked_logits(EncoderOutput const& encoded, torch::Tensor const& places);

    /// [B, 2] logits: 1 is "same origin".
    torch::Tensor same_origin_logits(EncoderOutput const& encoded);

  private:
    /// Slots without a masked place are left out, but where shapes have to stay constant.
    torch::Tensor masked_places(batch::PretrainBatch const& batch) const;

    BertEncoder encoder_;
    std::shared_ptr<MaskedHeadImpl> masked_;
    std::shared_ptr<PooledHeadImpl> same_origin_;
};
TORCH_MODULE(PretrainModel);

}  // namespace tessera::model
