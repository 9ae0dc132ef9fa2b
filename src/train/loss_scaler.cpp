#include "loss_scaler.hpp"

namespace tessera::train {

namespace {

constexpr double first_scale = 65536;
constexpr double growth = 2;
constexpr double backoff = 0.5;
constexpr std::int64_t growth_interval = 2000;

}  // namespace

LossScaler::LossScaler(torch::Device device, at::ScalarType compute)
    : active_(compute == at::kHalf),
      scale_(
          at::full({}, active_ ? first_scale : 1.0, at::TensorOptions(device).dtype(at::kFloat))),
      good_steps_(at::zeros({}, at::TensorOptions(device).dtype(at::kInt))) {}

void LossScaler::update(at::Tensor const& skip) {
    if (!active_) return;
    at::_amp_update_scale_(scale_, good_steps_, skip, growth, backoff, growth_interval);
}

LossScaler::State LossScaler::state() const {
    return {scale_.item<double>(), good_steps_.item<std::int64_t>()};
}

void LossScaler::restore(State const& state) {
    if (!active_) return;
    scale_.fill_(state.scale);
    good_steps_.fill_(state.good_steps);
}

}  // namespace tessera::train
