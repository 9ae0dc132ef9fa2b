#include "axis.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace tessera::report {

namespace {

/// The round step (1, 2 or 5 times a power of ten) nearest above span / wanted.
double round_step(double span, int wanted) {
    auto const rough = span / wanted;
    auto const power = std::pow(10.0, std::floor(std::log10(rough)));
    auto const lead = rough / power;
    if (lead <= 1.0000001) return power;
    if (lead <= 2.0000001) return 2 * power;
    return (lead <= 5.0000001 ? 5 : 10) * power;
}

std::string scientific(double value) {
    auto const exponent = std::floor(std::log10(std::abs(value)) + 1e-9);
    auto const lead = value / std::pow(10.0, exponent);
    return fmt::format("{:.3g}e{}", lead, static_cast<int>(exponent));
}

std::string with_suffix(double value) {
    for (auto const& [unit, suffix] : {std::pair{1e9, "G"}, {1e6, "M"}, {1e3, "k"}}) {
        if (std::abs(value) >= unit) return fmt::format("{:.4g}{}", value / unit, suffix);
    }
    return fmt::format("{:g}", value);
}

}  // namespace

std::string short_number(double value, int decimals) {
    if (value == 0) return "0";
    if (std::abs(value) >= 1e4) return with_suffix(value);
    if (std::abs(value) < 1e-3) return scientific(value);
    return fmt::format("{:.{}f}", value, decimals);
}

Axis::Axis(double low, double high, Scale scale, int wanted)
    : low_(low), high_(high), scale_(scale) {
    if (scale_ == Scale::log) {
        place_log_ticks();
    } else {
        place_linear_ticks(wanted);
    }
}

void Axis::place_linear_ticks(int wanted) {
    if (!(high_ > low_)) {  // one value only: give it room
        auto const room = low_ == 0 ? 1.0 : std::abs(low_) * 0.1;
        low_ -= room;
        high_ += room;
    }
    step_ = round_step(high_ - low_, wanted);
    auto const first = std::floor(low_ / step_ + 1e-9);
    auto const last = std::ceil(high_ / step_ - 1e-9);
    low_ = first * step_;
    high_ = last * step_;
    for (auto i = first; i <= last; ++i) ticks_.push_back(i * step_);
}

void Axis::place_log_ticks() {
    auto const first = std::floor(std::log10(low_) + 1e-9);
    auto const last = std::max(first + 1, std::ceil(std::log10(high_) - 1e-9));
    low_ = std::pow(10.0, first);
    high_ = std::pow(10.0, last);
    auto const stride = std::max(1.0, std::ceil((last - first) / 6));
    for (auto power = first; power <= last; power += stride) {
        ticks_.push_back(std::pow(10.0, power));
        if (last - first > 2 || power == last) continue;
        for (double const lead : {2.0, 5.0}) ticks_.push_back(lead * std::pow(10.0, power));
    }
}

double Axis::place(double value) const {
    if (scale_ == Scale::log) return std::log(value / low_) / std::log(high_ / low_);
    return (value - low_) / (high_ - low_);
}

std::string Axis::label(double tick) const {
    if (scale_ == Scale::log) {
        auto const decimals = -std::floor(std::log10(tick) + 1e-9);
        return short_number(tick, static_cast<int>(std::clamp(decimals, 0.0, 3.0)));
    }
    if (std::abs(tick) < step_ * 1e-6) return "0";
    if (step_ < 1e-3) return scientific(tick);
    auto const decimals = std::clamp(-std::floor(std::log10(step_) + 1e-9), 0.0, 3.0);
    return short_number(tick, static_cast<int>(decimals));
}

}  // namespace tessera::report
