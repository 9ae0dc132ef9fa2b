#include "adamw.hpp"

#include <cmath>
#include <optional>

#include <tessera/base/error.hpp>

namespace tessera::train {

namespace {

/// At this step 1 - beta^t is 1 exactly, for both betas: no correction.
constexpr float endless = 1e9F;

}  // namespace

UpdateRule update_rule(std::string_view name) {
    if (name == "adamw") return UpdateRule::adamw;
    base::validate(name == "lamb", base::ExitCode::usage, "'{}' is no optimizer: adamw or lamb",
                   name);
    return UpdateRule::lamb;
}

AdamW::AdamW(parallel::FlatParameters& parameters, AdamWConfig const& config)
    : parameters_(parameters),
      config_(config),
      first_(at::zeros_like(parameters.gradients())),
      second_(at::zeros_like(parameters.gradients())) {}

void AdamW::step(double learning_rate, double divisor) {
    ++updates_;
    if (config_.rule == UpdateRule::lamb) {
        for (auto const& entry : parameters_.entries()) {
            if (entry.trainable) update_by_layer(entry, learning_rate, divisor);
        }
        return;
    }
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

/// LAMB (You 2020, algorithm 2, with phi(z) = z): the step of a decayed tensor gets the norm of its
/// weights; biases and norms take AdamW's step as it is.
void AdamW::update_by_layer(parallel::FlatEntry const& entry, double learning_rate,
                            double divisor) {
    using parallel::FlatParameters;
    auto const values = FlatParameters::view(parameters_.values(), entry);
    auto const gradients = FlatParameters::view(parameters_.gradients(), entry);
    auto const first = FlatParameters::view(first_, entry);
    auto const second = FlatParameters::view(second_, entry);
    first.mul_(config_.beta1).add_(gradients, (1 - config_.beta1) / divisor);
    second.mul_(config_.beta2)
        .addcmul_(gradients, gradients, (1 - config_.beta2) / (divisor * divisor));
    bool const corrected = config_.bias_correction == BiasCorrection::standard;
    auto const steps = static_cast<double>(updates_);
    auto const young_first = corrected ? 1 - std::pow(config_.beta1, steps) : 1.0;
    auto const young_second = corrected ? 1 - std::pow(config_.beta2, steps) : 1.0;
    auto direction =
        (first / young_first).div_((second / young_second).sqrt_().add_(config_.epsilon));
    double trust = 1;
    if (entry.decays) {
        direction.add_(values, config_.weight_decay);
        auto const weight_norm = values.norm().item<double>();
        auto const step_norm = direction.norm().item<double>();
        if (weight_norm > 0 && step_norm > 0) trust = weight_norm / step_norm;
    }
    values.sub_(direction, learning_rate * trust);
}

}  // namespace tessera::train
