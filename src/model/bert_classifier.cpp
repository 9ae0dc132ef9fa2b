#include "heads.hpp"
#include "kernel_choice.hpp"
#include "packet_sequence_net.hpp"

#include <tessera/base/error.hpp>
#include <tessera/model/bert_classifier.hpp>
#include <tessera/model/initial_weights.hpp>

namespace tessera::model {
namespace {

ClassifierConfig alone(BertConfig const& bert) {
    ClassifierConfig config;
    config.bert = bert;
    return config;
}

batch::ClassifierDataConfig tokens_alone() {
    batch::ClassifierDataConfig data;
    data.inputs = "tokens";
    return data;
}

}  // namespace

BertClassifierImpl::BertClassifierImpl(BertConfig const& config, std::int64_t classes)
    : BertClassifierImpl(alone(config), tokens_alone(), classes) {}

BertClassifierImpl::BertClassifierImpl(ClassifierConfig const& config,
                                       batch::ClassifierDataConfig const& data,
                                       std::int64_t classes) {
    if (batch::reads_tokens(data)) {
        encoder_ = register_module("encoder", BertEncoder(config.bert));
        head_ = register_module("head", std::make_shared<PooledHeadImpl>(config.bert, classes));
    }
    if (batch::reads_sizes(data)) {
        packets_ = register_module("packets", std::make_shared<PacketSequenceNetImpl>(
                                                  config.packets, data.size_packets, classes));
    }
}

void BertClassifierImpl::initialise(std::uint64_t seed) {
    dropout_seed_ = seed;
    model::initialise(*this, seed);
    if (encoder_) encoder_->set_dropout_seed(seed);
    if (packets_) packets_->initialise(seed);
}

torch::Tensor BertClassifierImpl::token_logits(batch::ClassifierBatch const& batch) {
    LibraryKernels const choice(encoder_->kernels() == Kernels::library);
    auto const first = encoder_->rows_at(batch, batch.first_places());
    auto const keys = is_training() ? pool_keys(encoder_->dropout_seed(), batch) : torch::Tensor();
    return head_->forward(first, keys).to(torch::kFloat);
}

torch::Tensor BertClassifierImpl::logits(batch::ClassifierBatch const& batch) {
    if (!packets_) return token_logits(batch);
    auto const of_packets = packets_->forward(batch, dropout_seed_);
    return encoder_ ? token_logits(batch) + of_packets : of_packets;
}

ClassifierOutput BertClassifierImpl::forward(batch::ClassifierBatch const& batch) {
    auto const scores = logits(batch);
    auto const loss =
        at::cross_entropy_loss(scores, batch.labels, {}, at::Reduction::Sum, /*ignore_index=*/-1);
    return {scores, loss, scores.argmax(1).eq(batch.labels).sum().to(torch::kFloat)};
}

void BertClassifierImpl::freeze_encoder() {
    base::validate(!encoder_.is_empty(), base::ExitCode::usage,
                   "train.freeze_encoder: a model that reads sizes alone has no encoder");
    frozen_ = true;
    for (auto const& parameter : encoder_->parameters()) parameter.set_requires_grad(false);
    train(is_training());
}

void BertClassifierImpl::train(bool on) {
    torch::nn::Module::train(on);
    if (frozen_) encoder_->eval();
}

}  // namespace tessera::model
