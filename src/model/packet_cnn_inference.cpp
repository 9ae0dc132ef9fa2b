#include "packet_cnn_inference.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <vector>

#include <ATen/Parallel.h>
#include <torch/utils.h>

namespace tessera::model {
namespace {

constexpr std::int64_t largest_group = 16;

std::int64_t divided_up(std::int64_t value, std::int64_t divisor) {
    return (value + divisor - 1) / divisor;
}

/// Bytes of each packet up to its last one that is not 0.
std::vector<std::int64_t> lengths_of(torch::Tensor const& packets) {
    auto const* bytes = packets.const_data_ptr<float>();
    auto const width = packets.size(1);
    std::vector<std::int64_t> lengths;
    for (std::int64_t row = 0; row < packets.size(0); ++row) {
        auto length = width;
        while (length > 0 && bytes[row * width + length - 1] == 0.0F) --length;
        lengths.push_back(length);
    }
    return lengths;
}

/// Packets, longest first.
std::vector<std::int64_t> longest_first(std::vector<std::int64_t> const& lengths) {
    std::vector<std::int64_t> order(lengths.size());
    std::iota(order.begin(), order.end(), std::int64_t{0});
    std::ranges::stable_sort(order, std::greater<>(), [&](std::int64_t row) {
        return lengths[static_cast<std::size_t>(row)];
    });
    return order;
}

}  // namespace

/// Places of each layer that a packet's bytes change; those behind are constant.
struct PacketCnnInference::Reach {
    std::int64_t second;  ///< of the second convolution: whole pairs
    std::int64_t pairs;
};

struct PacketCnnInference::Group {
    std::int64_t begin;  ///< in the order of packets
    std::int64_t count;
    std::int64_t pairs;  ///< of the longest
};

PacketCnnInference::PacketCnnInference(PacketCnnWeights const& weights)
    : kernel1_(weights.convolution1.size(2)),
      stride1_(weights.stride1),
      kernel2_(weights.convolution2.size(2)),
      stride2_(weights.stride2),
      pairs_(weights.hidden.size(1) / weights.convolution2.size(0)),
      convolution1_(weights.convolution1.detach().select(1, 0).t().contiguous()),
      bias1_(weights.bias1.detach().clone()),
      bias2_(weights.bias2.detach().clone()) {
    torch::NoGradGuard const no_gradient;
    if (stride2_ == 1 && kernel2_ <= ShortConvolution::longest_kernel) {
        short_convolution2_.emplace(weights.convolution2);
    }
    auto const channels = weights.convolution2.size(0);
    auto constant = bias2_;
    for (std::int64_t k = 0; k < kernel2_; ++k) {
        convolution2_.push_back(weights.convolution2.select(2, k).t().contiguous());
        constant = constant + at::matmul(bias1_.relu(), convolution2_.back());
    }
    constant_ = constant.relu();
    auto const places = weights.hidden.view({-1, channels, pairs_}).permute({2, 1, 0});
    hidden_ = places.reshape({pairs_ * channels, -1}).contiguous();
    // What place j adds where it holds the constant, then the sums from each place to the end.
    auto const added = at::matmul(constant_, places.contiguous());  // [L, H]
    auto const sums = added.flip(0).cumsum(0).flip(0);
    behind_ = torch::cat({sums, torch::zeros_like(sums.narrow(0, 0, 1))}) + weights.hidden_bias;
}

PacketCnnInference::Reach PacketCnnInference::reach_of(std::int64_t bytes) const {
    auto const touched = divided_up(std::max<std::int64_t>(bytes, 1), stride1_);
    auto const second = divided_up(touched, stride2_);
    auto const pairs = std::min(pairs_, divided_up(second, 2));
    return {2 * pairs, pairs};
}

/// Few enough to share a product, and none half as long as the longest.
std::vector<PacketCnnInference::Group> PacketCnnInference::groups_of(
    std::vector<Reach> const& reaches) const {
    std::vector<Group> groups;
    for (std::size_t i = 0; i < reaches.size(); ++i) {
        auto const pairs = reaches[i].pairs;
        if (groups.empty() || groups.back().count == largest_group ||
            2 * pairs < groups.back().pairs) {
            groups.push_back({static_cast<std::int64_t>(i), 0, pairs});
        }
        ++groups.back().count;
    }
    return groups;
}

/// [places, C1] of a packet [bytes]; zeros where the input ends before.
torch::Tensor PacketCnnInference::first_convolution(torch::Tensor const& packet,
                                                    std::int64_t places) const {
    auto const windows = packet.unfold(0, kernel1_, stride1_);
    auto const known = std::min(places, windows.size(0));
    auto result = torch::empty({places, convolution1_.size(1)}, packet.options());
    auto inside = result.narrow(0, 0, known);
    at::addmm_out(inside, bias1_, windows.narrow(0, 0, known), convolution1_);
    inside.relu_();
    result.narrow(0, known, places - known).zero_();
    return result;
}

/// [places, C2], no bias added.
torch::Tensor PacketCnnInference::second_convolution(torch::Tensor const& first,
                                                     std::int64_t places) const {
    if (short_convolution2_) return (*short_convolution2_)(first, places);
    auto const span = (places - 1) * stride2_ + 1;
    auto sum = torch::zeros({places, bias2_.size(0)}, first.options());
    for (std::int64_t k = 0; k < kernel2_; ++k) {
        auto const seen = first.narrow(0, k, span).slice(0, 0, span, stride2_);
        sum.addmm_(seen, convolution2_[static_cast<std::size_t>(k)]);
    }
    return sum;
}

/// Into `place` [pairs or more, C2]: the packet's own pairs, then the constant.
void PacketCnnInference::pool(torch::Tensor const& packet, Reach const& reach,
                              torch::Tensor const& place) const {
    auto const first = first_convolution(packet, short_convolution2_
                                                     ? short_convolution2_->inputs_for(reach.second)
                                                     : (reach.second - 1) * stride2_ + kernel2_);
    auto const pairs =
        second_convolution(first, reach.second).view({reach.pairs, 2, bias2_.size(0)});
    auto own = place.narrow(0, 0, reach.pairs);
    at::maximum_out(own, pairs.select(1, 0), pairs.select(1, 1)).add_(bias2_).relu_();
    place.narrow(0, reach.pairs, place.size(0) - reach.pairs).copy_(constant_);
}

torch::Tensor PacketCnnInference::hidden(torch::Tensor const& packets) const {
    torch::InferenceMode const inference;
    auto const all = packets.contiguous();
    auto const lengths = lengths_of(all);
    auto const order = longest_first(lengths);
    std::vector<Reach> reaches;
    for (auto const row : order) {
        reaches.push_back(reach_of(lengths[static_cast<std::size_t>(row)]));
    }
    auto const channels = bias2_.size(0);
    auto result = torch::empty({all.size(0), behind_.size(1)}, all.options());
    for (auto const& group : groups_of(reaches)) {
        auto const values = torch::empty({group.count, group.pairs * channels}, all.options());
        at::parallel_for(0, group.count, 1, [&](std::int64_t begin, std::int64_t end) {
            torch::InferenceMode const inside;
            for (auto i = begin; i < end; ++i) {
                auto const at = static_cast<std::size_t>(group.begin + i);
                pool(all[order[at]], reaches[at], values[i].view({group.pairs, channels}));
            }
        });
        auto const rows =
            torch::tensor(at::IntArrayRef(order).slice(static_cast<std::size_t>(group.begin),
                                                       static_cast<std::size_t>(group.count)),
                          torch::kInt64);
        result.index_copy_(
            0, rows,
            at::addmm(behind_[group.pairs], values, hidden_.narrow(0, 0, group.pairs * channels)));
    }
    return result;
}

}  // namespace tessera::model
