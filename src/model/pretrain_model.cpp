#include "heads.hpp"
#include "kernel_choice.hpp"

#include <algorithm>

#include <tessera/model/pretrain_model.hpp>

namespace tessera::model {

PretrainModelImpl::PretrainModelImpl(BertConfig const& config)
    : encoder_(register_module("encoder", BertEncoder(config))),
      masked_(register_module("masked", std::make_shared<MaskedHeadImpl>(config))),
      same_origin_(register_module("same_origin", std::make_shared<PooledHeadImpl>(config, 2))) {}

torch::Tensor PretrainModelImpl::masked_places(batch::PretrainBatch const& batch) const {
    auto const& all = batch.masked_positions;
    if (encoder_->kernels() == Kernels::library) return all;
    return all.narrow(0, 0, std::max<std::int64_t>(batch.masked_count, 1));
}

PretrainOutput PretrainModelImpl::forward(batch::PretrainBatch const& batch) {
    LibraryKernels const choice(encoder_->kernels() == Kernels::library);
    auto const places = masked_places(batch);
    auto const rows = encoder_->rows_at(batch, at::cat({batch.first_places(), places}));
    auto const masked = masked_->forward(rows.narrow(0, batch.size(), places.size(0)), batch,
                                         encoder_->token_table());
    auto const logits =
        same_origin_->forward(rows.narrow(0, 0, batch.size()), {}).to(torch::kFloat);
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
