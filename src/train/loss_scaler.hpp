#pragma once

#include <cstdint>

#include <torch/types.h>

namespace tessera::train {

/// Dynamic loss scaling for fp16 (Micikevicius 2018, 3.2): gradients below 6e-8 would become 0, so
/// losses are multiplied by a scale that halves after an overflow and doubles after 2,000 steps
/// without one. All of it stays on the device. For types with the range of float32 the scale is 1.
class LossScaler {
  public:
    struct State {
        double scale = 1;
        std::int64_t good_steps = 0;  ///< since the scale last changed
    };

    LossScaler(torch::Device device, at::ScalarType compute);

    /// True for fp16: overflows are part of its work, no fault of the run.
    bool active() const { return active_; }

    at::Tensor scaled(at::Tensor const& loss) const { return active_ ? loss * scale_ : loss; }

    /// [] float32, what gradients are too large by.
    at::Tensor const& scale() const { return scale_; }

    /// Behind a step: `skip` [] float32 is 1 when its gradients were not finite.
    void update(at::Tensor const& skip);

    State state() const;  ///< reads back
    void restore(State const& state);

  private:
    bool active_;
    at::Tensor scale_;
    at::Tensor good_steps_;  // [] int32
};

}  // namespace tessera::train
