#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <tessera/batch/batch.hpp>
#include <tessera/model/bert_config.hpp>
#include <tessera/model/encoder.hpp>

namespace tessera::model {

class PooledHeadImpl;

struct ClassifierOutput {
    torch::Tensor logits;    ///< [B, classes]
    torch::Tensor loss_sum;  ///< [] over labelled sequences; count: batch.labelled
    torch::Tensor correct;   ///< [] float
};

/// Encoder, then tanh layer and output layer on the first token (Devlin 2019, 4.1; as in ET-BERT).
/// Parameter names start with encoder. (as in PretrainModel, so pre-trained weights load by name)
/// or head.
class ClassifierImpl : public torch::nn::Module {
  public:
    ClassifierImpl(BertConfig const& config, std::int64_t classes);

    ClassifierOutput forward(batch::ClassifierBatch const& batch);

    /// [B, classes] logits without labels.
    torch::Tensor logits(batch::Sequences const& sequences);

    /// Frozen: the encoder's parameters get no gradient and its dropout is off.
    void freeze_encoder(bool frozen);

    /// Keeps the encoder in evaluation mode while it is frozen.
    void train(bool on = true) override;

    BertEncoder encoder() const { return encoder_; }  ///< a handle, not a copy
    std::int64_t classes() const { return classes_; }

  private:
    std::int64_t classes_;
    bool frozen_ = false;
    BertEncoder encoder_;
    std::shared_ptr<PooledHeadImpl> head_;
};
TORCH_MODULE(Classifier);

}  // namespace tessera::model
