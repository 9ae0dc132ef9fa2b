#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include <torch/types.h>

#include <tessera/parallel/flat_parameters.hpp>

namespace tessera::train {

enum class BiasCorrection {
    standard,  ///< divide moments by 1 - beta^t (Kingma and Ba 2015)
    none,      ///< as the reference and the released BERT: leave it out
};

enum class UpdateRule {
    adamw,  ///< Loshchilov and Hutter 2019
    lamb,   ///< AdamW's step scaled in each decayed tensor to its weights' norm (You 2020)
};

/// Error(usage) for any other word than adamw and lamb.
UpdateRule update_rule(std::string_view name);

struct AdamWConfig {
    UpdateRule rule = UpdateRule::adamw;
    double beta1 = 0.9;
    double beta2 = 0.999;
    double epsilon = 1e-6;  ///< added to the root of the second moment
    double weight_decay = 0.01;
    BiasCorrection bias_correction = BiasCorrection::standard;
};

/// AdamW over flat buffers: LibTorch's fused kernel once for the part that decays and once for the
/// part that does not. LAMB, for very large batches, goes tensor by tensor.
class AdamW {
  public:
    AdamW(parallel::FlatParameters& parameters, AdamWConfig const& config);

    /// One update with `gradient / divisor`, left out altogether where `skip` is 1; both [] float32
    /// beside the parameters. The divisor folds clipping and loss scale into the same pass. On a
    /// GPU AdamW waits for nothing; LAMB reads `skip` back.
    void step(double learning_rate, at::Tensor const& divisor, at::Tensor const& skip);

    /// The same, never left out.
    void step(double learning_rate, double divisor);

    at::Tensor const& first_moment() const { return first_; }    ///< [trainable] float32
    at::Tensor const& second_moment() const { return second_; }  ///< [trainable] float32

    std::int64_t updates() const;  ///< reads back
    void set_updates(std::int64_t updates);

  private:
    void update_range(std::int64_t begin, std::int64_t end, double learning_rate, double decay,
                      at::Tensor const& divisor, at::Tensor const& skip);
    void update_by_layer(parallel::FlatEntry const& entry, double learning_rate,
                         at::Tensor const& divisor, double updates);

    parallel::FlatParameters& parameters_;
    AdamWConfig config_;
    at::Tensor first_;
    at::Tensor second_;
    at::Tensor updates_;  // [] float32, exact to 16 million
};

}  // namespace tessera::train
