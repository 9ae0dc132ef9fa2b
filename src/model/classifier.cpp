#include "heads.hpp"

#include <tessera/base/error.hpp>
#include <tessera/model/classifier.hpp>

namespace tessera::model {

ClassifierImpl::ClassifierImpl(BertConfig const& config, std::int64_t classes)
    : classes_(classes), encoder_(register_module("encoder", BertEncoder(config))) {
    base::validate(classes >= 2, base::ExitCode::usage,
                   "a classifier needs two classes or more, not {}: check the label set", classes);
    head_ = register_module("head", std::make_shared<PooledHeadImpl>(config, classes));
}

torch::Tensor ClassifierImpl::logits(batch::Sequences const& sequences) {
    auto const encoded = encoder_(sequences);
    auto const keys =
        is_training() ? pool_keys(encoder_->dropout_seed(), sequences) : torch::Tensor();
    return head_->forward(encoded.first(), keys);
}

ClassifierOutput ClassifierImpl::forward(batch::ClassifierBatch const& batch) {
    auto const scores = logits(batch);
    auto const loss =
        at::cross_entropy_loss(scores, batch.labels, {}, at::Reduction::Sum, /*ignore_index=*/-1);
    return {scores, loss, scores.argmax(1).eq(batch.labels).sum().to(torch::kFloat)};
}

void ClassifierImpl::freeze_encoder(bool frozen) {
    frozen_ = frozen;
    for (auto const& parameter : encoder_->parameters()) parameter.set_requires_grad(!frozen);
    train(is_training());
}

void ClassifierImpl::train(bool on) {
    torch::nn::Module::train(on);
    if (frozen_) encoder_->eval();
}

}  // namespace tessera::model
