#include "adamw.hpp"

#include <optional>

namespace tessera::train {

namespace {

/// At this step 1 - beta^t is 1 exactly, for both betas: no correction.
constexpr float endless = 1e9F;

}  // namespace

AdamW::AdamW(parallel::FlatParameters& parameters, AdamWConfig const& config)
    : parameters_(parameters),
      config_(config),
      first_(at::zeros_like(parameters.gradients())),
      second_(at::zeros_like(parameters.gradients())) {}

void AdamW::step(double learning_rate, double divisor) {
    ++updates_;
    auto const decayed = parameters_.decayed();
    update_range(0, decayed, learning_rate, config_.weight_decay, divisor);
    update_range(decayed, parameters_.trainable(), learning_rate, 0, divisor);
}

void AdamW::update_range(std::int64_t begin, std::int64_t end, double learning_rate, double decay,
                         double divisor) {
    if (begin == end) return;
    auto const part = [&](at::Tensor const& flat) { return flat.narrow(0, begin, end - begin); };
    bool const corrected = config_.bias_correction == BiasCorrection::standard;
    auto const count = at::full({}, corrected ? static_cast<float>(updates_) : endless);
    auto const scale =
        divisor == 1 ? std::nullopt : std::optional<at::Tensor>(at::full({}, divisor, at::kFloat));
    at::_fused_adamw_({part(parameters_.values())}, {part(parameters_.gradients())}, {part(first_)},
                      {part(second_)}, {}, {count}, learning_rate, config_.beta1, config_.beta2,
                      decay, config_.epsilon, /*amsgrad=*/false, /*maximize=*/false, scale);
}

}  // namespace tessera::train
