#pragma once

#include <cmath>
#include <limits>

#include <tessera/base/time.hpp>

namespace tessera::flow {

/// later - earlier. Time stamps come from files and may lie further apart than the type can say:
/// the difference saturates.
inline base::Nanoseconds elapsed(base::Nanoseconds earlier, base::Nanoseconds later) {
    using Limits = std::numeric_limits<base::Nanoseconds>;
    base::Nanoseconds difference = 0;
    if (!__builtin_sub_overflow(later, earlier, &difference)) return difference;
    return later > earlier ? Limits::max() : Limits::min();
}

/// A span of time that ends something: `seconds` rounded to ns, at least 1 ns; 0 stands for never.
class Timeout {
  public:
    explicit Timeout(double seconds) : length_(length(seconds)) {}

    /// True when it has passed between the two moments.
    bool reached(base::Nanoseconds earlier, base::Nanoseconds later) const {
        return length_ != never && elapsed(earlier, later) >= length_;
    }

    /// Whether a number of seconds from a user can be one.
    static bool valid(double seconds) { return std::isfinite(seconds) && seconds >= 0; }

  private:
    static constexpr auto never = std::numeric_limits<base::Nanoseconds>::max();

    static base::Nanoseconds length(double seconds) {
        auto const nanoseconds =
            std::round(seconds * static_cast<double>(base::nanoseconds_per_second));
        if (seconds == 0 || nanoseconds >= 0x1p63) return never;
        return nanoseconds < 1 ? 1 : static_cast<base::Nanoseconds>(nanoseconds);
    }

    base::Nanoseconds length_;
};

}  // namespace tessera::flow
