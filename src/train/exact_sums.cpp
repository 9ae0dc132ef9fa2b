#include "exact_sums.hpp"

#include <cmath>
#include <span>
#include <utility>

#include <tessera/base/error.hpp>

namespace tessera::train {

namespace {

constexpr double units_per_one = 1 << 20;
constexpr double largest = 1e12;  // of one value: leaves room to add some

}  // namespace

ExactSums ExactSums::from_units(std::vector<std::int64_t> units) {
    base::validate(!units.empty(), base::ExitCode::bad_input, "no sums to go on with");
    ExactSums sums;
    sums.units_ = std::move(units);
    return sums;
}

void ExactSums::add(std::size_t index, double value) {
    if (!std::isfinite(value) || std::abs(value) > largest) {
        ++units_.back();
        return;
    }
    units_[index] += std::llround(value * units_per_one);
}

void ExactSums::add(at::Tensor const& values, Use use) {
    later_.push_back({values.detach(), std::move(use)});
    if (values.is_cpu()) settle();
}

void ExactSums::settle() {
    if (later_.empty()) return;
    std::vector<at::Tensor> parts;
    for (auto const& later : later_) parts.push_back(later.values);
    auto const all = at::cat(parts).to(at::kCPU).contiguous();
    std::span<float const> rest(all.const_data_ptr<float>(), static_cast<std::size_t>(all.numel()));
    for (auto const& [values, use] : std::exchange(later_, {})) {
        auto const count = static_cast<std::size_t>(values.numel());
        use(*this, rest.first(count));
        rest = rest.subspan(count);
    }
}

ExactSums& ExactSums::operator+=(ExactSums const& other) {
    for (std::size_t i = 0; i < units_.size(); ++i) units_[i] += other.units_[i];
    return *this;
}

void ExactSums::reduce(comm::Communicator const& comm) {
    settle();
    comm::all_reduce(comm, std::span(units_), comm::Op::sum);
}

double ExactSums::operator[](std::size_t index) const {
    return static_cast<double>(units_[index]) / units_per_one;
}

}  // namespace tessera::train
