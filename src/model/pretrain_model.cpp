#include "heads.hpp"
#include "kernel_choice.hpp"

#include <tessera/model/pretrain_model.hpp>

namespace tessera::model {

PretrainModelImpl::PretrainModelImpl(BertConfig const& config)
    : encoder_(register_module("encoder", BertEncoder(config))),
      masked_(register_module("masked", std::make_shared<MaskedHeadImpl>(config))),
      same_origin_(register_module("same_origin", std::make_shared<PooledHeadImpl>(config, 2))) {}

PretrainOutput PretrainModelImpl::forward(batch::PretrainBatch const& batch) {
    LibraryKernels const choice(encoder_->kernels() == Kernels::library);
    auto const encoded = encoder_(batch);
    auto const masked = masked_->forward(encoded, batch, encoder_->token_table());
    auto const logits = same_origin_logits(encoded);
    return {masked.loss_sum, masked.correct,
            at::cross_entropy_loss(logits, batch.same_origin, {}, at::Reduction::Sum),
            logits.argmax(1).eq(batch.same_origin).sum().to(torch::kFloat)};
}

torch::Tensor PretrainModelImpl::masked_logits(EncoderOutput const& encoded,
                                               torch::Tensor const& places) {
    return masked_->logits(encoded.rows_at(places), encoder_->token_table());
}

torch::Tensor PretrainModelImpl::same_origin_logits(EncoderOutput const& encoded) {
    return same_origin_->forward(encoded.first(), {}).to(torch::kFloat);
}

}  // namespace tessera::model
