#pragma once

#include <chrono>
#include <cstdint>

namespace tessera::base {

/// Time of a packet: ns since 1970-01-01T00:00:00Z; signed, as differences are taken.
using Nanoseconds = std::int64_t;

inline constexpr Nanoseconds nanoseconds_per_second = 1'000'000'000;

/// Measures elapsed wall time; steady, so a clock that is set does not disturb it.
class Stopwatch {
  public:
    double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    }

    void restart() { start_ = std::chrono::steady_clock::now(); }

  private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace tessera::base
