#include "lr_schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <tessera/base/error.hpp>

namespace tessera::train {

DecayStyle decay_style(std::string_view name) {
    if (name == "constant") return DecayStyle::constant;
    if (name == "linear") return DecayStyle::linear;
    if (name == "cosine") return DecayStyle::cosine;
    base::fail(base::ExitCode::usage,
               "lr_decay_style '{}' is not known: choose constant, linear or cosine", name);
}

namespace {

char const* name(DecayStyle style) {
    switch (style) {
        case DecayStyle::constant:
            return "constant";
        case DecayStyle::linear:
            return "linear";
        case DecayStyle::cosine:
            break;
    }
    return "cosine";
}

/// Share of the way from minimum to peak, `progress` in [0, 1] after the warm-up.
double decayed(DecayStyle style, double progress) {
    switch (style) {
        case DecayStyle::constant:
            return 1;
        case DecayStyle::linear:
            return 1 - progress;
        case DecayStyle::cosine:
            break;
    }
    return (1 + std::cos(std::numbers::pi * progress)) / 2;
}

}  // namespace

// The warm-up may be a fraction of a step: the reference keeps it so, and the decay starts there.
double LrSchedule::at(std::int64_t step) const {
    auto const warmup = warmup_fraction * static_cast<double>(steps);
    auto const now = static_cast<double>(step);
    if (now < warmup) return peak * now / std::max(1.0, warmup);
    auto const span = std::max(1.0, static_cast<double>(steps) - warmup);
    auto const progress = std::clamp((now - warmup) / span, 0.0, 1.0);
    return minimum + (peak - minimum) * decayed(style, progress);
}

std::string LrSchedule::text() const {
    return fmt::format("{} from {} to {} over {} steps, warm-up {}", name(style), peak, minimum,
                       steps, warmup_fraction);
}

}  // namespace tessera::train
