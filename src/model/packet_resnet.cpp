#include "packet_resnet.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <torch/nn/modules/batchnorm.h>

#include <tessera/base/error.hpp>
#include <tessera/model/initial_weights.hpp>

namespace tessera::model {
namespace {

constexpr std::int64_t stride = 3;             // of every second block
constexpr double block_dropped_share = 0.5;    // resnet1d
constexpr std::uint64_t first_block_key = 16;  // dropout keys of blocks follow the tail's

/// Zeros on both sides, the odd one right, so that the length falls by the stride alone ("SAME").
torch::Tensor same_padded(torch::Tensor const& x, std::int64_t kernel, std::int64_t step) {
    auto const length = x.size(-1);
    auto const wanted = (length + step - 1) / step;
    auto const missing = std::max<std::int64_t>(0, (wanted - 1) * step + kernel - length);
    return at::constant_pad_nd(x, {missing / 2, missing - missing / 2});
}

/// The shortcut of a block at a third of the length. The reference pads by kernel - 1 zeros, as if
/// its pooling moved by one.
torch::Tensor shortcut(torch::Tensor const& x) {
    auto const missing = stride - 1;
    auto const padded = at::constant_pad_nd(x, {missing / 2, missing - missing / 2});
    return at::max_pool1d(padded, stride);
}

torch::nn::BatchNorm1d norm_of(std::int64_t channels) {
    return torch::nn::BatchNorm1d(channels);
}

/// What keys the dropout of a forward pass; null sequences: nothing is dropped.
struct DropKeys {
    batch::Sequences const* sequences;
    std::uint64_t seed;
};

/// dropout of [B, C, L], one mask a sample.
torch::Tensor dropped(torch::Tensor const& x, DropKeys const& keys, std::uint64_t place) {
    if (keys.sequences == nullptr) return x;
    auto const row_keys = pool_keys(keys.seed + place, *keys.sequences);
    return dropout_of(x.flatten(1), row_keys, block_dropped_share).view_as(x);
}

}  // namespace

/// Norm, ReLU, dropout and convolution twice, added to the input.
class PacketResnetImpl::BlockImpl : public torch::nn::Module {
  public:
    BlockImpl(std::int64_t index, std::int64_t filters, std::int64_t kernel)
        : index_(index),
          kernel_(kernel),
          step_(index % 2 == 1 ? stride : 1),
          norm1_(register_module("norm1", norm_of(filters))),
          convolution1_(
              register_module("convolution1", Convolution(filters, filters, kernel, step_))),
          norm2_(register_module("norm2", norm_of(filters))),
          convolution2_(register_module("convolution2", Convolution(filters, filters, kernel, 1))) {
    }

    torch::Tensor forward(torch::Tensor const& x, DropKeys const& keys) {
        auto const place = first_block_key + 2 * static_cast<std::uint64_t>(index_);
        // The first block has a norm that the reference never uses: it stays for its weights.
        auto const begun = index_ == 0 ? x : dropped(norm1_(x).relu(), keys, place);
        auto const half = convolution1_(same_padded(begun, kernel_, step_));
        auto const rest = dropped(norm2_(half).relu(), keys, place + 1);
        auto const whole = convolution2_(same_padded(rest, kernel_, 1));
        return whole + (step_ == 1 ? x : shortcut(x));
    }

  private:
    std::int64_t index_;
    std::int64_t kernel_;
    std::int64_t step_;
    torch::nn::BatchNorm1d norm1_;
    Convolution convolution1_;
    torch::nn::BatchNorm1d norm2_;
    Convolution convolution2_;
};

PacketResnetImpl::PacketResnetImpl(PacketResnetConfig const& config, std::int64_t classes)
    : tokens_(config.tokens),
      kernel_(config.kernel),
      first_(register_module("first", Convolution(1, config.filters, config.kernel, 1))),
      first_norm_(register_module("first_norm", norm_of(config.filters))),
      last_norm_(register_module("last_norm", norm_of(config.filters))),
      dense_(register_module("dense", Dense(config.filters, config.filters))),
      tail_(register_module("tail", DenseTail(config.filters / 2, classes))) {
    for (std::int64_t i = 0; i < config.blocks; ++i) {
        blocks_.push_back(
            register_module(fmt::format("block{}", i),
                            std::make_shared<BlockImpl>(i, config.filters, config.kernel)));
    }
}

PacketResnetImpl::~PacketResnetImpl() = default;

void PacketResnetImpl::initialise(std::uint64_t seed) {
    dropout_seed_ = seed;
    initialise_by_inputs(*this, seed);
}

void PacketResnetImpl::freeze_encoder() {
    base::fail(base::ExitCode::usage, "train.freeze_encoder: Deep Packet has no encoder to freeze");
}

torch::Tensor PacketResnetImpl::logits_of(torch::Tensor const& packets,
                                          batch::Sequences const* sequences) {
    DropKeys const keys{is_training() ? sequences : nullptr, dropout_seed_};
    auto x = first_norm_(first_(same_padded(packets, kernel_, 1))).relu();
    for (auto const& block : blocks_) x = block->forward(x, keys);
    auto const mean = last_norm_(x).relu().mean(-1);
    auto const features = dense_(mean).relu();
    return tail_(at::max_pool1d(features.unsqueeze(1), 2).flatten(1), sequences, dropout_seed_);
}

torch::Tensor PacketResnetImpl::logits(batch::ClassifierBatch const& batch) {
    return logits_of(packet_bytes_of(batch, tokens_), &batch);
}

}  // namespace tessera::model
