#include "dropout.hpp"
#include "layers.hpp"
#include "packet_cnn.hpp"

#include <array>

#include <fmt/format.h>
#include <torch/utils.h>

#include <tessera/base/error.hpp>
#include <tessera/model/initial_weights.hpp>
#include <tessera/model/packet_sae.hpp>

namespace tessera::model {
namespace {

constexpr std::array<std::int64_t, 5> widths{400, 300, 200, 100, 50};
constexpr double dropped_share = 0.05;

std::int64_t inputs_at(std::size_t depth) {
    return depth == 0 ? packet_bytes : widths.at(depth - 1);
}

void copy(DenseImpl const& from, DenseImpl& to) {
    torch::NoGradGuard const no_gradient;
    to.weight.copy_(from.weight);
    to.bias.copy_(from.bias);
}

}  // namespace

LayerCoderImpl::LayerCoderImpl(std::int64_t inputs, std::int64_t outputs)
    : encode(register_module("encode", std::make_shared<DenseImpl>(inputs, outputs))),
      decode_(register_module("decode", std::make_shared<DenseImpl>(outputs, inputs))) {}

torch::Tensor LayerCoderImpl::errors(torch::Tensor const& x) {
    return (decode_->forward(encode->forward(x).relu()) - x).square().mean(1);
}

PacketSaeImpl::PacketSaeImpl(std::int64_t classes, ByteTokens tokens)
    : tokens_(tokens), output_(std::make_shared<DenseImpl>(widths.back(), classes)) {
    for (std::size_t i = 0; i < layers(); ++i) {
        hidden_.push_back(register_module(fmt::format("hidden{}", i + 1),
                                          std::make_shared<DenseImpl>(inputs_at(i), widths.at(i))));
    }
    register_module("output", output_);
}

std::size_t PacketSaeImpl::layers() {
    return widths.size();
}

void PacketSaeImpl::initialise(std::uint64_t seed) {
    dropout_seed_ = seed;
    initialise_by_inputs(*this, seed);
}

void PacketSaeImpl::freeze_encoder() {
    for (auto const& layer : hidden_) {
        for (auto const& parameter : layer->parameters()) parameter.set_requires_grad(false);
    }
}

torch::Tensor PacketSaeImpl::inputs_of(std::size_t depth, batch::Sequences const& sequences) {
    auto value = packet_bytes_of(sequences, tokens_).flatten(1);
    for (std::size_t i = 0; i < depth; ++i) value = hidden_[i]->forward(value).relu();
    return value;
}

torch::Tensor PacketSaeImpl::logits(batch::ClassifierBatch const& batch) {
    auto value = packet_bytes_of(batch, tokens_).flatten(1);
    for (std::size_t i = 0; i < hidden_.size(); ++i) {
        auto const keys = is_training() ? pool_keys(dropout_seed_ + i + 1, batch) : torch::Tensor();
        value = dropout_of(hidden_[i]->forward(value).relu(), keys, dropped_share);
    }
    return output_->forward(value);
}

std::shared_ptr<LayerCoderImpl> PacketSaeImpl::coder_of(std::size_t depth, std::uint64_t seed) {
    auto coder = std::make_shared<LayerCoderImpl>(inputs_at(depth), widths.at(depth));
    initialise_by_inputs(*coder, seed + depth);
    copy(*hidden_.at(depth), *coder->encode);
    return coder;
}

void PacketSaeImpl::take(std::size_t depth, LayerCoderImpl const& coder) {
    copy(*coder.encode, *hidden_.at(depth));
}

}  // namespace tessera::model
