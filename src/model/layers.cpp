#include "layers.hpp"

#include "attention.hpp"
#include "embedding_sum.hpp"
#include "feed_forward.hpp"

namespace tessera::model {

DenseImpl::DenseImpl(std::int64_t in, std::int64_t out)
    : weight(register_parameter("weight", torch::empty({out, in}))),
      bias(register_parameter("bias", torch::empty({out}))) {}

NormImpl::NormImpl(BertConfig const& config)
    : weight(register_parameter("weight", torch::empty({config.hidden}))),
      bias(register_parameter("bias", torch::empty({config.hidden}))),
      unbiased_(config.layer_norm == "unbiased"),
      eps_(config.layer_norm_eps) {}

torch::Tensor NormImpl::forward(torch::Tensor const& x) {
    if (!unbiased_) return at::layer_norm(x, {x.size(-1)}, weight, bias, eps_);
    auto const wide = x.to(torch::kFloat);  // 768 squares added up in a half type lose their value
    auto const mean = wide.mean(-1, /*keepdim=*/true);
    auto const deviation = at::std(wide, at::OptionalIntArrayRef{-1}, /*correction=*/1, true);
    return (weight * (wide - mean) / (deviation + eps_) + bias).to(x.scalar_type());
}

TransformerLayerImpl::TransformerLayerImpl(BertConfig const& config, std::int64_t index)
    : index_(index),
      heads_(config.heads),
      dropout_(config.dropout),
      attention_dropout_(config.attention_dropout),
      qkv_(register_module("qkv", Dense(config.hidden, 3 * config.hidden))),
      attention_output_(register_module("attention_output", Dense(config.hidden, config.hidden))),
      attention_norm_(register_module("attention_norm", Norm(config))),
      expand_(register_module("expand", Dense(config.hidden, config.feed_forward))),
      contract_(register_module("contract", Dense(config.feed_forward, config.hidden))),
      feed_forward_norm_(register_module("feed_forward_norm", Norm(config))) {}

torch::Tensor TransformerLayerImpl::forward(torch::Tensor const& x, RowLayout const& layout,
                                            Dropout const& dropout) {
    auto const keys = dropout.row_keys(index_, DropoutSite::attention);
    return after_attention(x, attention(qkv_(x), layout, heads_, keys, attention_dropout_),
                           dropout);
}

torch::Tensor TransformerLayerImpl::forward(torch::Tensor const& x, RowLayout const& layout,
                                            Dropout const& dropout, RowChoice const& choice) {
    auto const chosen = x.index_select(0, choice.rows());
    auto const of_chosen = dropout.of_rows(choice.rows());
    auto const keys = of_chosen.row_keys(index_, DropoutSite::attention);
    return after_attention(chosen, chosen_mixture(x, chosen, layout, choice, keys), of_chosen);
}

torch::Tensor TransformerLayerImpl::chosen_mixture(torch::Tensor const& x,
                                                   torch::Tensor const& chosen,
                                                   RowLayout const& layout, RowChoice const& choice,
                                                   torch::Tensor const& keys) {
    if (!layout.is_packed()) {
        return attention(qkv_(x), layout, heads_, keys, attention_dropout_)
            .index_select(0, choice.rows());
    }
    auto const hidden = x.size(1);
    auto const projected = [&](torch::Tensor const& rows, std::int64_t begin, std::int64_t parts) {
        return linear(rows, qkv_->weight.narrow(0, begin * hidden, parts * hidden),
                      qkv_->bias.narrow(0, begin * hidden, parts * hidden));
    };
    return chosen_attention(projected(chosen, 0, 1), projected(x, 1, 2),
                            {choice.begins(), layout.begins()}, heads_, keys, attention_dropout_);
}

torch::Tensor TransformerLayerImpl::after_attention(torch::Tensor const& x,
                                                    torch::Tensor const& mixture,
                                                    Dropout const& dropout) {
    auto const attended = attention_norm_(
        add_dropped(x, attention_output_->unbiased(mixture),
                    dropout.row_keys(index_, DropoutSite::attention_output), dropout_));
    auto const changed = feed_forward(
        attended, {expand_->weight, expand_->bias, contract_->weight, contract_->bias});
    return feed_forward_norm_(add_dropped(
        attended, changed, dropout.row_keys(index_, DropoutSite::feed_forward), dropout_));
}

EmbeddingImpl::EmbeddingImpl(BertConfig const& config)
    : dropout_(config.dropout),
      token_(
          register_parameter("token", torch::empty({config.padded_vocabulary(), config.hidden}))),
      position_(register_parameter("position", torch::empty({config.positions, config.hidden}))),
      segment_(register_parameter("segment", torch::empty({config.segments, config.hidden}))),
      norm_(register_module("norm", Norm(config))) {}

torch::Tensor EmbeddingImpl::forward(batch::Sequences const& sequences, RowLayout const& layout,
                                     Dropout const& dropout) {
    auto const tokens = sequences.tokens.view({-1}).index_select(0, layout.places());
    auto const segments = sequences.segments.view({-1}).index_select(0, layout.places());
    auto const sum =
        embedding_sum({token_, tokens}, {position_, layout.columns()}, {segment_, segments});
    return dropout_of(norm_(sum), dropout.row_keys(0, DropoutSite::embedding), dropout_);
}

}  // namespace tessera::model
