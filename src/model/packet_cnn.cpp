#include "packet_cnn.hpp"

#include <tessera/base/error.hpp>
#include <tessera/batch/special.hpp>
#include <tessera/model/initial_weights.hpp>

namespace tessera::model {
namespace {

constexpr double dropped_share = 0.05;  // of each hidden layer, Lotfollahi 2017, 4.4.2

/// Values left of `length` by a convolution without padding.
std::int64_t outputs(std::int64_t length, std::int64_t kernel, std::int64_t stride) {
    return (length - kernel) / stride + 1;
}

/// Values a sample that the convolutions hand to the hidden layers.
std::int64_t flat_size(PacketCnnConfig const& config) {
    auto const first = outputs(packet_bytes, config.kernel1, config.stride1);
    return config.channels2 * (outputs(first, config.kernel2, config.stride2) / 2);
}

/// [B] int32 dropout keys of hidden layer `layer`.
torch::Tensor layer_keys(batch::Sequences const& sequences, std::uint64_t seed,
                         std::uint64_t layer) {
    return pool_keys(seed + layer, sequences);
}

/// Bytes [B, packet_bytes] of bigrams: the first of each, and the second of the last.
torch::Tensor bytes_of_bigrams(torch::Tensor const& bigrams, torch::Tensor const& present) {
    auto bytes = bigrams.bitwise_right_shift(8) * present;
    auto const next = at::constant_pad_nd(present.narrow(1, 1, packet_bytes - 1), {0, 1});
    auto const last = bigrams.bitwise_and(255) * present * next.logical_not();
    bytes.narrow(1, 1, packet_bytes - 1) += last.narrow(1, 0, packet_bytes - 1);
    return bytes;
}

}  // namespace

ConvolutionImpl::ConvolutionImpl(std::int64_t in, std::int64_t out, std::int64_t kernel,
                                 std::int64_t stride)
    : weight(register_parameter("weight", torch::empty({out, in, kernel}))),
      bias(register_parameter("bias", torch::empty({out}))),
      stride_(stride) {}

torch::Tensor packet_bytes_of(batch::Sequences const& sequences, ByteTokens tokens) {
    // [CLS], the tokens, [SEP], padding: special ids stand below token_offset and become 0.
    auto const ids = sequences.tokens.narrow(1, 1, packet_bytes) - batch::token_offset;
    auto const present = ids.ge(0);
    auto const bytes = tokens == ByteTokens::bytes ? ids * present : bytes_of_bigrams(ids, present);
    return bytes.to(torch::kFloat).div(255).unsqueeze(1);
}

DenseTailImpl::DenseTailImpl(std::int64_t inputs, std::int64_t classes)
    : hidden1_(register_module("hidden1", Dense(inputs, 200))),
      hidden2_(register_module("hidden2", Dense(200, 100))),
      hidden3_(register_module("hidden3", Dense(100, 50))),
      output_(register_module("output", Dense(50, classes))) {}

torch::Tensor DenseTailImpl::forward(torch::Tensor const& x, batch::Sequences const* sequences,
                                     std::uint64_t seed) {
    auto value = x;
    std::uint64_t layer = 1;
    for (auto* hidden : {&hidden1_, &hidden2_, &hidden3_}) {
        auto const keys = sequences != nullptr && is_training()
                              ? layer_keys(*sequences, seed, layer)
                              : torch::Tensor();
        value = dropout_of((*hidden)(value), keys, dropped_share).relu();
        ++layer;
    }
    return output_(value);
}

torch::Tensor DenseTailImpl::from_first(torch::Tensor const& hidden) {
    auto const second = hidden2_(hidden.relu()).relu();
    return output_(hidden3_(second).relu());
}

PacketCnnImpl::PacketCnnImpl(PacketCnnConfig const& config, std::int64_t classes)
    : tokens_(config.tokens),
      config_(config),
      convolution1_(register_module(
          "convolution1", Convolution(1, config.channels1, config.kernel1, config.stride1))),
      convolution2_(register_module("convolution2", Convolution(config.channels1, config.channels2,
                                                                config.kernel2, config.stride2))),
      tail_(register_module("tail", DenseTail(flat_size(config), classes))) {}

void PacketCnnImpl::initialise(std::uint64_t seed) {
    dropout_seed_ = seed;
    initialise_by_inputs(*this, seed);
}

void PacketCnnImpl::freeze_encoder() {
    base::fail(base::ExitCode::usage, "train.freeze_encoder: Deep Packet has no encoder to freeze");
}

torch::Tensor PacketCnnImpl::logits_of(torch::Tensor const& packets,
                                       batch::Sequences const* sequences) {
    auto const first = convolution1_(packets).relu();
    auto const second = convolution2_(first).relu();
    auto const flat = at::max_pool1d(second, 2).flatten(1);
    return tail_(flat, sequences, dropout_seed_);
}

/// Weights may change after any call of it.
void PacketCnnImpl::train(bool on) {
    torch::nn::Module::train(on);
    inference_.reset();
}

torch::Tensor PacketCnnImpl::inferred(torch::Tensor const& packets) {
    if (!inference_) {
        inference_.emplace(PacketCnnWeights{
            convolution1_->weight, convolution1_->bias, config_.stride1, convolution2_->weight,
            convolution2_->bias, config_.stride2, tail_->first()->weight, tail_->first()->bias});
    }
    return tail_->from_first(inference_->hidden(packets.flatten(1)));
}

torch::Tensor PacketCnnImpl::logits(batch::ClassifierBatch const& batch) {
    auto const packets = packet_bytes_of(batch, tokens_);
    bool const infers = !is_training() && !at::GradMode::is_enabled() && packets.is_cpu();
    return infers ? inferred(packets) : logits_of(packets, &batch);
}

}  // namespace tessera::model
