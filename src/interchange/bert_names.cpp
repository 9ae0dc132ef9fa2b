#include "bert_names.hpp"

#include <fmt/format.h>

namespace tessera::interchange {
namespace {

/// Adds weight and bias of a layer; `weight` and `bias` as the other program calls them.
void add_layer(std::vector<NamePair>& pairs, std::string const& ours,
               std::vector<std::string> const& theirs, char const* weight = ".weight",
               char const* bias = ".bias") {
    NamePair weights{ours + ".weight", {}};
    NamePair biases{ours + ".bias", {}};
    for (auto const& name : theirs) {
        weights.theirs.push_back(name + weight);
        biases.theirs.push_back(name + bias);
    }
    pairs.push_back(std::move(weights));
    pairs.push_back(std::move(biases));
}

void add_uer_norm(std::vector<NamePair>& pairs, std::string const& ours,
                  std::string const& theirs) {
    add_layer(pairs, ours, {theirs}, ".gamma", ".beta");
}

}  // namespace

std::vector<NamePair> hugging_face_encoder(std::int64_t layers) {
    std::vector<NamePair> pairs{
        {"encoder.embedding.token", {"bert.embeddings.word_embeddings.weight"}, true},
        {"encoder.embedding.position", {"bert.embeddings.position_embeddings.weight"}},
        {"encoder.embedding.segment", {"bert.embeddings.token_type_embeddings.weight"}}};
    add_layer(pairs, "encoder.embedding.norm", {"bert.embeddings.LayerNorm"});
    for (std::int64_t i = 0; i < layers; ++i) {
        auto const ours = fmt::format("encoder.layer{}.", i);
        auto const theirs = fmt::format("bert.encoder.layer.{}.", i);
        auto const self = theirs + "attention.self.";
        add_layer(pairs, ours + "qkv", {self + "query", self + "key", self + "value"});
        add_layer(pairs, ours + "attention_output", {theirs + "attention.output.dense"});
        add_layer(pairs, ours + "attention_norm", {theirs + "attention.output.LayerNorm"});
        add_layer(pairs, ours + "expand", {theirs + "intermediate.dense"});
        add_layer(pairs, ours + "contract", {theirs + "output.dense"});
        add_layer(pairs, ours + "feed_forward_norm", {theirs + "output.LayerNorm"});
    }
    return pairs;
}

std::vector<NamePair> hugging_face_pretraining(bool tied) {
    std::vector<NamePair> pairs;
    add_layer(pairs, "same_origin.pool", {"bert.pooler.dense"});
    add_layer(pairs, "same_origin.output", {"cls.seq_relationship"});
    add_layer(pairs, "masked.transform", {"cls.predictions.transform.dense"});
    add_layer(pairs, "masked.norm", {"cls.predictions.transform.LayerNorm"});
    pairs.push_back({"masked.bias", {"cls.predictions.bias"}, true});
    if (!tied) pairs.push_back({"masked.output", {"cls.predictions.decoder.weight"}, true});
    return pairs;
}

std::vector<NamePair> hugging_face_classifier() {
    std::vector<NamePair> pairs;
    add_layer(pairs, "head.pool", {"bert.pooler.dense"});
    add_layer(pairs, "head.output", {"classifier"});
    return pairs;
}

std::vector<NamePair> uer_encoder(std::int64_t layers) {
    std::vector<NamePair> pairs{
        {"encoder.embedding.token", {"embedding.word_embedding.weight"}, true},
        {"encoder.embedding.position", {"embedding.position_embedding.weight"}},
        {"encoder.embedding.segment", {"embedding.segment_embedding.weight"}}};
    add_uer_norm(pairs, "encoder.embedding.norm", "embedding.layer_norm");
    for (std::int64_t i = 0; i < layers; ++i) {
        auto const ours = fmt::format("encoder.layer{}.", i);
        auto const theirs = fmt::format("encoder.transformer.{}.", i);
        auto const parts = theirs + "self_attn.linear_layers.";
        add_layer(pairs, ours + "qkv", {parts + "0", parts + "1", parts + "2"});
        add_layer(pairs, ours + "attention_output", {theirs + "self_attn.final_linear"});
        add_uer_norm(pairs, ours + "attention_norm", theirs + "layer_norm_1");
        add_layer(pairs, ours + "expand", {theirs + "feed_forward.linear_1"});
        add_layer(pairs, ours + "contract", {theirs + "feed_forward.linear_2"});
        add_uer_norm(pairs, ours + "feed_forward_norm", theirs + "layer_norm_2");
    }
    return pairs;
}

std::vector<NamePair> uer_pretraining() {
    std::vector<NamePair> pairs;
    add_layer(pairs, "masked.transform", {"target.mlm_linear_1"});
    add_uer_norm(pairs, "masked.norm", "target.layer_norm");
    pairs.push_back({"masked.output", {"target.mlm_linear_2.weight"}, true});
    pairs.push_back({"masked.bias", {"target.mlm_linear_2.bias"}, true});
    add_layer(pairs, "same_origin.pool", {"target.nsp_linear_1"});
    add_layer(pairs, "same_origin.output", {"target.nsp_linear_2"});
    return pairs;
}

torch::Tensor padded_rows(torch::Tensor const& rows, std::int64_t padded) {
    auto sizes = rows.sizes().vec();
    sizes[0] = padded - rows.size(0);
    return torch::cat({rows, torch::zeros(sizes, rows.options())});
}

}  // namespace tessera::interchange
