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
      second_(at::zeros_like(parameters.gradients())),
      updates_(at::zeros({}, parameters.gradients().options())) {}

std::int64_t AdamW::updates() const {
    return static_cast<std::int64_t>(updates_.item<float>());
}

void AdamW::set_updates(std::int64_t updates) {
    updates_.fill_(updates);
}

void AdamW::step(double learning_rate, double divisor) {
    step(learning_rate, at::full({}, divisor, updates_.options()), at::zeros_like(updates_));
}

void AdamW::step(double learning_rate, at::Tensor const& divisor, at::Tensor const& skip) {
    bool const here = skip.is_cpu() || config_.rule == UpdateRule::lamb;
    if (here && skip.item<float>() != 0) return;
    updates_.add_(1 - skip);
    if (config_.rule == UpdateRule::lamb) {
        for (auto const& entry : parameters_.entries()) {
            if (entry.trainable)
                update_by_layer(entry, learning_rate, divisor, static_cast<double>(updates()));
        }
        return;
    }
    auto const decayed = parameters_.decayed();
    update_range(0, decayed, learning_rate, config_.weight_decay, divisor, skip);
    update_range(decayed, parameters_.trainable(), learning_rate, 0, divisor, skip);
}

void AdamW::update_range(std::int64_t begin, std::int64_t end, double learning_rate, double decay,
                         at::Tensor const& divisor, at::Tensor const& skip) {
    if (begin == end) return;
    auto const part = [&](at::Tensor const& flat) { return flat.narrow(0, begin, end - begin); };
    bool const corrected = config_.bias_correction == BiasCorrection::standard;
    auto const count = corrected ? updates_ : at::full_like(updates_, endless);
    // The kernel writes divided gradients back: on the host, where 1 is seen, that pass is saved.
    bool const divides = !divisor.is_cpu() || divisor.item<float>() != 1;
    at::_fused_adamw_({part(parameters_.values())}, {part(parameters_.gradients())}, {part(first_)},
                      {part(second_)}, {}, {count}, learning_rate, config_.beta1, config_.beta2,
                      decay, config_.epsilon, /*amsgrad=*/false, /*maximize=*/false,
                      divides ? std::optional(divisor) : std::nullopt, skip);
}

/// LAMB (You 2020, algorithm 2, with phi(z) = z): the step of a decayed tensor gets the norm of its
/// weights; biases and norms take AdamW's step as it is.
void AdamW::update_by_layer(parallel::FlatEntry const& entry, double learning_rate,
                            at::Tensor const& divisor, double updates) {
    using parallel::FlatParameters;
    auto const values = FlatParameters::view(parameters_.values(), entry);
    auto const gradients = FlatParameters::view(parameters_.gradients(), entry).div_(divisor);
    auto const first = FlatParameters::view(first_, entry);
    auto const second = FlatParameters::view(second_, entry);
    first.mul_(config_.beta1).add_(gradients, 1 - config_.beta1);
    second.mul_(config_.beta2).addcmul_(gradients, gradients, 1 - config_.beta2);
    bool const corrected = config_.bias_correction == BiasCorrection::standard;
    auto const young_first = corrected ? 1 - std::pow(config_.beta1, updates) : 1.0;
    auto const young_second = corrected ? 1 - std::pow(config_.beta2, updates) : 1.0;
    auto direction =
        (first / young_first).div_((second / young_second).sqrt_().add_(config_.epsilon));
    if (!entry.decays) {
        values.sub_(direction, learning_rate);
        return;
    }
    direction.add_(values, config_.weight_decay);
    auto const weight_norm = values.norm();
    auto const step_norm = direction.norm();
    auto const trust = at::where(weight_norm.gt(0).logical_and(step_norm.gt(0)),
                                 weight_norm / step_norm, at::ones_like(step_norm));
    values.sub_(direction.mul_(trust), learning_rate);
}

}  // namespace tessera::train
