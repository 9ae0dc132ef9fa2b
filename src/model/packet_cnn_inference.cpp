#include "packet_cnn_inference.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <vector>

#include <ATen/Parallel.h>

namespace tessera::model {
namespace {

constexpr std::int64_t group = 16;  // packets of like length that share a product

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

}  // namespace

/// Places of each layer that a packet's bytes change; those behind are constant.
struct PacketCnnInference::Reach {
    std::int64_t first;   ///< of the first convolution, that the second one needs
    std::int64_t second;  ///< of the second convolution: whole pairs
    std::int64_t pairs;
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
    auto const channels = weights.convolution2.size(0);
    auto constant = bias2_;
    for (std::int64_t k = 0; k < kernel2_; ++k) {
        convolution2_.push_back(weights.convolution2.select(2, k).t().contiguous());
        constant = constant + at::matmul(bias1_.relu(), convolution2_.back());
    }
    auto const places = weights.hidden.view({-1, channels, pairs_}).permute({2, 1, 0});
    hidden_ = places.reshape({pairs_ * channels, -1}).contiguous();
    // What place j adds where it holds the constant, then the sums from each place to the end.
    auto const added = at::matmul(constant.relu(), places.contiguous());  // [L, H]
    auto const sums = added.flip(0).cumsum(0).flip(0);
    behind_ = torch::cat({sums, torch::zeros_like(sums.narrow(0, 0, 1))}) + weights.hidden_bias;
}

PacketCnnInference::Reach PacketCnnInference::reach_of(std::int64_t bytes) const {
    auto const touched = divided_up(bytes, stride1_);
    auto const second = divided_up(touched, stride2_);
    auto const pairs = std::min(pairs_, divided_up(second, 2));
    return {(2 * pairs - 1) * stride2_ + kernel2_, 2 * pairs, pairs};
}

/// [B, first, C1]
torch::Tensor PacketCnnInference::first_convolution(torch::Tensor const& packets,
                                                    Reach const& reach) const {
    auto const windows = packets.unfold(1, kernel1_, stride1_).narrow(1, 0, reach.first);
    auto const rows = windows.reshape({-1, kernel1_});
    return at::addmm(bias1_, rows, convolution1_).relu_().view({packets.size(0), reach.first, -1});
}

/// [B, pairs * C2]; each packet a product of its own, on a thread of its own.
torch::Tensor PacketCnnInference::pooled(torch::Tensor const& first, Reach const& reach) const {
    auto const channels = bias2_.size(0);
    auto result = torch::empty({first.size(0), reach.pairs * channels}, first.options());
    auto const span = (reach.second - 1) * stride2_ + 1;
    at::parallel_for(0, first.size(0), 1, [&](std::int64_t begin, std::int64_t end) {
        torch::InferenceMode const inference;
        for (auto b = begin; b < end; ++b) {
            auto sum = bias2_.expand({reach.second, channels}).contiguous();
            for (std::int64_t k = 0; k < kernel2_; ++k) {
                auto const seen = first[b].narrow(0, k, span).slice(0, 0, span, stride2_);
                sum.addmm_(seen, convolution2_[static_cast<std::size_t>(k)]);
            }
            auto place = result[b].view({reach.pairs, channels});
            place.copy_(sum.view({reach.pairs, 2, channels}).amax(1).relu_());
        }
    });
    return result;
}

/// `bytes`: the longest of the packets.
torch::Tensor PacketCnnInference::hidden_of_group(torch::Tensor const& packets,
                                                  std::int64_t bytes) const {
    auto const reach = reach_of(std::max<std::int64_t>(bytes, 1));
    auto const values = pooled(first_convolution(packets, reach), reach);
    return at::addmm(behind_[reach.pairs], values, hidden_.narrow(0, 0, values.size(1)));
}

torch::Tensor PacketCnnInference::hidden(torch::Tensor const& packets) const {
    torch::InferenceMode const inference;
    auto const lengths = lengths_of(packets.contiguous());
    std::vector<std::int64_t> order(lengths.size());
    std::iota(order.begin(), order.end(), std::int64_t{0});
    std::ranges::stable_sort(order, std::greater<>(), [&](std::int64_t row) {
        return lengths[static_cast<std::size_t>(row)];
    });
    auto result = torch::empty({packets.size(0), behind_.size(1)}, packets.options());
    for (std::size_t begin = 0; begin < order.size(); begin += group) {
        auto const count = std::min<std::size_t>(group, order.size() - begin);
        auto const rows = torch::tensor(at::IntArrayRef(order).slice(begin, count), torch::kInt64);
        auto const longest = lengths[static_cast<std::size_t>(order[begin])];
        result.index_copy_(0, rows, hidden_of_group(packets.index_select(0, rows), longest));
    }
    return result;
}

}  // namespace tessera::model
