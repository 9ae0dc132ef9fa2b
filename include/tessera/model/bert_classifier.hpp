#pragma once

#include <cstdint>
#include <memory>

#include <torch/types.h>

#include <tessera/batch/batch.hpp>
#include <tessera/model/bert_config.hpp>
#include <tessera/model/classifier.hpp>
#include <tessera/model/encoder.hpp>

namespace tessera::model {

class PacketSequenceNetImpl;
class PooledHeadImpl;

struct ClassifierOutput {
    torch::Tensor logits;    ///< [B, classes]
    torch::Tensor loss_sum;  ///< [] over labelled sequences; count: batch.labelled
    torch::Tensor correct;   ///< [] float
};

/// Encoder, then tanh layer and output layer on the first token (Devlin 2019, 4.1; as in ET-BERT);
/// where sizes of packets are read too, the logits of a net over them are added. Either part may
/// stand alone. Parameter names start with encoder. (as in PretrainModel, so pre-trained weights
/// load by name), head. or packets.
class BertClassifierImpl : public Classifier {
  public:
    /// Reads tokens alone, as ET-BERT does.
    BertClassifierImpl(BertConfig const& config, std::int64_t classes);

    BertClassifierImpl(ClassifierConfig const& config, batch::ClassifierDataConfig const& data,
                       std::int64_t classes);

    ClassifierOutput forward(batch::ClassifierBatch const& batch);

    torch::Tensor logits(batch::ClassifierBatch const& batch) override;
    void initialise(std::uint64_t seed) override;

    /// The encoder's parameters get no gradient and its dropout is off.
    void freeze_encoder() override;

    /// Keeps the encoder in evaluation mode while it is frozen.
    void train(bool on = true) override;

    BertEncoder encoder() const { return encoder_; }  ///< a handle, not a copy; null: sizes alone

  private:
    torch::Tensor token_logits(batch::ClassifierBatch const& batch);

    bool frozen_ = false;
    std::uint64_t dropout_seed_ = 0;
    BertEncoder encoder_{nullptr};
    std::shared_ptr<PooledHeadImpl> head_;
    std::shared_ptr<PacketSequenceNetImpl> packets_;
};
TORCH_MODULE(BertClassifier);

}  // namespace tessera::model
