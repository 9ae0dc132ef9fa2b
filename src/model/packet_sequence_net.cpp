#include "packet_sequence_net.hpp"

#include <cmath>

#include <fmt/format.h>

#include <tessera/model/initial_weights.hpp>

namespace tessera::model {
namespace {

constexpr std::int64_t size_steps = 32;
constexpr std::int64_t gap_steps = 8;
constexpr std::int64_t flag_bits = 8;
constexpr std::int64_t features = 2 * size_steps + 1 + gap_steps + flag_bits;

/// Logarithms that are taken for 1: of the payload in a full Ethernet frame, and of 1 s in us.
double const largest_size = std::log(1501.0);
double const largest_gap = std::log(1e6);

/// Dropout masks stay apart from those of an encoder beside it.
constexpr std::int64_t first_dropout_layer = std::int64_t{1} << 20;

Norm norm_of(PacketSequenceConfig const& config) {
    BertConfig shape;
    shape.hidden = config.width;
    shape.layer_norm_eps = 1e-5;
    return Norm(shape);
}

/// x [..] in 0 .. 1 as `steps` numbers: step i climbs from 0 to 1 between i/steps and (i+1)/steps.
torch::Tensor piecewise_linear(torch::Tensor const& x, std::int64_t steps) {
    auto const begins = torch::arange(steps, x.options());
    return (x.unsqueeze(-1) * static_cast<double>(steps) - begins).clamp(0, 1);
}

/// [B, N, flag_bits], bit i of the flag byte.
torch::Tensor bits(torch::Tensor const& flags) {
    auto const weights = torch::pow(2.0, torch::arange(flag_bits, flags.options()));
    return (flags.unsqueeze(-1) / weights).floor().remainder(2);
}

/// [B, N, features] from [B, N, packet_columns].
torch::Tensor features_of(torch::Tensor const& packets) {
    auto const direction = packets.select(-1, batch::direction_column);
    auto const size = packets.select(-1, batch::payload_column).log1p() / largest_size;
    auto const gap = (packets.select(-1, batch::gap_column) * 1e6).log1p() / largest_gap;
    auto const coded = piecewise_linear(size, size_steps);
    return torch::cat({coded * direction.gt(0).unsqueeze(-1), coded * direction.lt(0).unsqueeze(-1),
                       direction.unsqueeze(-1), piecewise_linear(gap, gap_steps),
                       bits(packets.select(-1, batch::flags_column))},
                      -1);
}

/// [B, N] int64, row of each packet in a table of `sizes` + 1 rows a direction; longer ones share
/// the last.
torch::Tensor size_rows(torch::Tensor const& packets, std::int64_t sizes) {
    auto const size =
        packets.select(-1, batch::payload_column).clamp(0, static_cast<double>(sizes));
    auto const answers = packets.select(-1, batch::direction_column).lt(0);
    return size.to(torch::kInt64) + answers.to(torch::kInt64) * (sizes + 1);
}

/// [B, N, kernel * H]: each packet beside its neighbours, zeros over the ends.
torch::Tensor with_neighbours(torch::Tensor const& x, std::int64_t kernel) {
    auto const reach = kernel / 2;
    auto const padded = at::constant_pad_nd(x, {0, 0, reach, reach});
    std::vector<torch::Tensor> shifted;
    for (std::int64_t i = 0; i < kernel; ++i) shifted.push_back(padded.narrow(1, i, x.size(1)));
    return torch::cat(shifted, -1);
}

}  // namespace

/// Dropout of one pass over [B, N, H] packets and over [B, H] flows.
class PacketSequenceNetImpl::Drops {
  public:
    Drops(batch::ClassifierBatch const& batch, std::uint64_t seed, double share)
        : share_(share), flow_keys_(pool_keys(~seed, batch)) {
        batch::Sequences places;
        places.tokens = torch::zeros({batch.size(), batch.packets.size(1)}, torch::kInt64);
        places.lengths.assign(static_cast<std::size_t>(batch.size()), batch.packets.size(1));
        places.keys = batch.keys;
        packets_ = Dropout(seed, places, RowLayout::padded(places));
    }

    /// Drops nothing.
    Drops() = default;

    torch::Tensor of_packets(torch::Tensor const& x, std::int64_t layer) const {
        if (!packets_.active()) return x;
        auto const keys = packets_.row_keys(first_dropout_layer + layer, DropoutSite::feed_forward);
        return dropout_of(x.reshape({-1, x.size(-1)}), keys, share_).view_as(x);
    }

    torch::Tensor of_flows(torch::Tensor const& x) const {
        return packets_.active() ? dropout_of(x, flow_keys_, share_) : x;
    }

  private:
    double share_ = 0;
    Dropout packets_;
    torch::Tensor flow_keys_;
};

PacketSequenceNetImpl::PacketSequenceNetImpl(PacketSequenceConfig const& config,
                                             std::int64_t packets, std::int64_t classes)
    : config_(config),
      input_(register_module("input", Dense(features, config.width))),
      position_(register_parameter("position", torch::empty({packets, config.width}))),
      input_norm_(register_module("input_norm", norm_of(config))),
      hidden_(register_module("hidden", Dense(2 * config.width, config.width))),
      output_(register_module("output", Dense(config.width, classes))) {
    if (config.exact_sizes > 0) {
        auto const rows = 2 * (config.exact_sizes + 1);
        exact_size_ = register_parameter("exact_size", torch::empty({rows, config.width}));
    }
    for (std::int64_t i = 0; i < config.layers; ++i) {
        convolutions_.push_back(register_module(fmt::format("convolution{}", i),
                                                Dense(config.kernel * config.width, config.width)));
        norms_.push_back(register_module(fmt::format("convolution{}_norm", i), norm_of(config)));
    }
}

void PacketSequenceNetImpl::initialise(std::uint64_t seed) {
    initialise_by_inputs(*this, seed);
    at::NoGradGuard const no_gradient;
    if (exact_size_.defined()) exact_size_.zero_();
}

/// [B, N, width], of each packet by itself.
torch::Tensor PacketSequenceNetImpl::seen_of(torch::Tensor const& packets) {
    auto const coded = input_(features_of(packets));
    if (!exact_size_.defined()) return coded;
    return coded + at::embedding(exact_size_, size_rows(packets, config_.exact_sizes));
}

/// [B, N, width]; rows of absent packets are 0.
torch::Tensor PacketSequenceNetImpl::mixed_over_packets(torch::Tensor const& packets,
                                                        torch::Tensor const& present,
                                                        Drops const& drops) {
    auto x = at::gelu(input_norm_(seen_of(packets) + position_)) * present;
    for (std::size_t i = 0; i < convolutions_.size(); ++i) {
        auto const seen = convolutions_[i](with_neighbours(x, config_.kernel));
        auto const mixed = at::gelu(norms_[i](seen));
        x = (x + drops.of_packets(mixed, static_cast<std::int64_t>(i))) * present;
    }
    return x;
}

torch::Tensor PacketSequenceNetImpl::forward(batch::ClassifierBatch const& batch,
                                             std::uint64_t dropout_seed) {
    auto const drops = is_training() ? Drops(batch, dropout_seed, config_.dropout) : Drops();
    auto const present =
        batch.packets.select(-1, batch::direction_column).ne(0).unsqueeze(-1).to(torch::kFloat);
    auto const x = mixed_over_packets(batch.packets, present, drops);
    auto const mean = x.sum(1) / present.sum(1).clamp_min(1);
    auto const largest = (x - 1e4 * (1 - present)).amax(1);
    auto const flows = drops.of_flows(torch::cat({mean, largest}, -1));
    return output_(at::gelu(hidden_(flows)));
}

}  // namespace tessera::model
