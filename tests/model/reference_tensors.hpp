#pragma once

#include "safetensors_fixture.hpp"

#include <map>
#include <string>
#include <vector>

#include <torch/nn/module.h>
#include <torch/utils.h>

#include <tessera/batch/batch.hpp>
#include <tessera/model/bert_config.hpp>

namespace tessera::test {

inline torch::Tensor floats_of(SafetensorsFixture const& file, std::string const& name) {
    return torch::tensor(file.floats(name)).view(file.shape(name));
}

inline torch::Tensor integers_of(SafetensorsFixture const& file, std::string const& name) {
    return torch::tensor(file.integers(name), torch::kInt64).view(file.shape(name));
}

/// The tiny model of the reference fixtures.
inline model::BertConfig reference_config() {
    model::BertConfig config;
    config.layers = 2;
    config.hidden = 48;
    config.heads = 4;
    config.feed_forward = 96;
    config.vocabulary = 320;
    config.positions = 40;
    config.segments = 3;
    config.dropout = 0;
    config.attention_dropout = 0;
    config.tied_embeddings = false;
    config.layer_norm = "unbiased";
    config.layer_norm_eps = 1e-6;
    return config;
}

/// UER names of the tensors that make up one of our parameters; several are stacked.
inline std::vector<std::string> reference_names(std::string name) {
    static std::map<std::string, std::string> const parts = {
        {"encoder.embedding.token", "embedding.word_embedding.weight"},
        {"encoder.embedding.position", "embedding.position_embedding.weight"},
        {"encoder.embedding.segment", "embedding.segment_embedding.weight"},
        {"encoder.embedding.norm", "embedding.layer_norm"},
        {"attention_output", "self_attn.final_linear"},
        {"attention_norm", "layer_norm_1"},
        {"feed_forward_norm", "layer_norm_2"},
        {"expand", "feed_forward.linear_1"},
        {"contract", "feed_forward.linear_2"},
        {"masked.transform", "target.mlm_linear_1"},
        {"masked.norm", "target.layer_norm"},
        {"masked.output", "target.mlm_linear_2.weight"},
        {"masked.bias", "target.mlm_linear_2.bias"},
        {"same_origin.pool", "target.nsp_linear_1"},
        {"same_origin.output", "target.nsp_linear_2"},
        {"head.pool", "output_layer_1"},
        {"head.output", "output_layer_2"},
        {"encoder.layer0.", "encoder.transformer.0."},
        {"encoder.layer1.", "encoder.transformer.1."},
    };
    auto const is_norm = name.find("norm.") != std::string::npos;
    for (auto const& [ours, theirs] : parts) {
        if (auto const at = name.find(ours); at != std::string::npos) {
            name.replace(at, ours.size(), theirs);
        }
    }
    if (is_norm) {
        auto const dot = name.rfind('.');
        name = name.substr(0, dot) + (name.substr(dot) == ".weight" ? ".gamma" : ".beta");
    }
    auto const qkv = name.find("qkv.");
    if (qkv == std::string::npos) return {name};
    std::vector<std::string> stacked;
    for (auto const* part : {"0.", "1.", "2."}) {
        auto copy = name;
        stacked.push_back(copy.replace(qkv, 4, std::string("self_attn.linear_layers.") + part));
    }
    return stacked;
}

/// `prefix` is "weight." or "grad.".
inline torch::Tensor reference_tensor(SafetensorsFixture const& file, std::string const& prefix,
                                      std::string const& name) {
    std::vector<torch::Tensor> parts;
    for (auto const& part : reference_names(name)) parts.push_back(floats_of(file, prefix + part));
    return torch::cat(parts);
}

inline void load_reference_weights(SafetensorsFixture const& file, torch::nn::Module& model) {
    torch::NoGradGuard const no_gradient;
    for (auto& parameter : model.named_parameters()) {
        parameter.value().copy_(reference_tensor(file, "weight.", parameter.key()));
    }
}

/// In the reference, segment 0 means padding.
inline void fill_sequences(batch::Sequences& sequences, torch::Tensor const& tokens,
                           torch::Tensor const& segments) {
    sequences.tokens = tokens;
    sequences.segments = segments;
    auto const lengths = segments.gt(0).sum(1);
    for (std::int64_t b = 0; b < tokens.size(0); ++b) {
        sequences.lengths.push_back(lengths[b].item<std::int64_t>());
        sequences.keys.push_back(static_cast<std::uint64_t>(b));
    }
}

inline double largest_difference(torch::Tensor const& a, torch::Tensor const& b) {
    return (a.to(torch::kDouble) - b.to(torch::kDouble)).abs().max().item<double>();
}

}  // namespace tessera::test
