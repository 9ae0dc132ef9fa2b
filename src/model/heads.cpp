#include "heads.hpp"

namespace tessera::model {

MaskedHeadImpl::MaskedHeadImpl(BertConfig const& config)
    : vocabulary_(config.vocabulary),
      transform_(register_module("transform", Dense(config.hidden, config.hidden))),
      norm_(register_module("norm", Norm(config))),
      bias_(register_parameter("bias", torch::empty({config.padded_vocabulary()}))) {
    if (config.tied_embeddings) return;
    output_ =
        register_parameter("output", torch::empty({config.padded_vocabulary(), config.hidden}));
}

torch::Tensor MaskedHeadImpl::transformed(torch::Tensor const& rows) {
    return norm_(at::gelu(transform_(rows)));
}

torch::Tensor const& MaskedHeadImpl::output_of(torch::Tensor const& table) const {
    return output_.defined() ? output_ : table;
}

VocabularyLoss MaskedHeadImpl::forward(torch::Tensor const& rows, batch::PretrainBatch const& batch,
                                       torch::Tensor const& table) {
    return vocabulary_loss(transformed(rows), output_of(table), bias_,
                           batch.masked_targets.narrow(0, 0, rows.size(0)),
                           batch.masked_weights.narrow(0, 0, rows.size(0)), vocabulary_);
}

torch::Tensor MaskedHeadImpl::logits(torch::Tensor const& rows, torch::Tensor const& table) {
    auto const all = at::linear(transformed(rows), output_of(table), bias_);
    return all.narrow(1, 0, vocabulary_);
}

PooledHeadImpl::PooledHeadImpl(BertConfig const& config, std::int64_t classes)
    : dropout_(config.dropout),
      pool_(register_module("pool", Dense(config.hidden, config.hidden))),
      output_(register_module("output", Dense(config.hidden, classes))) {}

torch::Tensor PooledHeadImpl::forward(torch::Tensor const& first,
                                      torch::Tensor const& dropout_keys) {
    return output_(dropout_of(at::tanh(pool_(first)), dropout_keys, dropout_));
}

}  // namespace tessera::model
