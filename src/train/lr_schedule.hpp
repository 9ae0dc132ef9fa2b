#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tessera::train {

enum class DecayStyle { constant, linear, cosine };

/// Error(usage) for any other word.
DecayStyle decay_style(std::string_view name);

/// Learning rate over the steps of a run: a linear climb from 0 over the first share of the steps,
/// then down to `minimum` at the end.
struct LrSchedule {
    double peak = 1e-4;
    double minimum = 0;
    double warmup_fraction = 0.1;  ///< of `steps`
    DecayStyle style = DecayStyle::linear;
    std::int64_t steps = 1;

    /// Of the update at `step`, counted from 0: that of step 0 is 0 when there is a warm-up of more
    /// than one step, as in the reference and in Megatron-LM.
    double at(std::int64_t step) const;

    /// All inputs in one line, for a run's state.
    std::string text() const;
};

}  // namespace tessera::train
