#pragma once

#include "short_convolution.hpp"

#include <cstdint>
#include <optional>
#include <vector>

#include <torch/types.h>

namespace tessera::model {

/// Weights of Deep Packet's net up to its first hidden layer, as trained.
struct PacketCnnWeights {
    torch::Tensor convolution1;  ///< [C1, 1, K1]
    torch::Tensor bias1;
    std::int64_t stride1 = 1;
    torch::Tensor convolution2;  ///< [C2, C1, K2]
    torch::Tensor bias2;
    std::int64_t stride2 = 1;
    torch::Tensor hidden;  ///< [H, C2 * L], channel-major
    torch::Tensor hidden_bias;
};

/// The same numbers as the net (to rounding), faster, on the CPU and without gradients. Most
/// packets are shorter than the 1500 bytes of the input: behind a packet's end both convolutions
/// give constants, so they are computed up to there only, and what the constants add to the hidden
/// layer comes from sums made once. A second convolution of stride 1 is a ShortConvolution.
class PacketCnnInference {
  public:
    explicit PacketCnnInference(PacketCnnWeights const& weights);

    /// [B, H] first hidden layer, bias added, not yet rectified, from packets [B, bytes].
    torch::Tensor hidden(torch::Tensor const& packets) const;

  private:
    struct Reach;  ///< how far a packet's bytes are seen
    struct Group;  ///< packets of like length that share a product

    Reach reach_of(std::int64_t bytes) const;
    std::vector<Group> groups_of(std::vector<Reach> const& reaches) const;
    torch::Tensor first_convolution(torch::Tensor const& packet, std::int64_t places) const;
    torch::Tensor second_convolution(torch::Tensor const& first, std::int64_t places) const;
    void pool(torch::Tensor const& packet, Reach const& reach, torch::Tensor const& place) const;

    std::int64_t kernel1_;
    std::int64_t stride1_;
    std::int64_t kernel2_;
    std::int64_t stride2_;
    std::int64_t pairs_;          // outputs of the pooling, L
    torch::Tensor convolution1_;  // [K1, C1]
    torch::Tensor bias1_;         // [C1]
    std::optional<ShortConvolution> short_convolution2_;
    std::vector<torch::Tensor> convolution2_;  // [C1, C2] for each place in the kernel
    torch::Tensor bias2_;                      // [C2]
    torch::Tensor constant_;                   // [C2] of the pooling behind a packet's end
    torch::Tensor hidden_;                     // [L * C2, H], place-major
    torch::Tensor behind_;                     // [L + 1, H] bias and constants from each place on
};

}  // namespace tessera::model
