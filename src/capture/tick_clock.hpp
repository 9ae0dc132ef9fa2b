#pragma once

#include <cstdint>

#include <tessera/base/time.hpp>

namespace tessera::capture {

/// Turns the time stamps of a pcapng interface into ns since the epoch. Times outside of what 64
/// bits hold become the nearest that they do.
class TickClock {
  public:
    /// `resolution` as in if_tsresol: ticks of 10^-n s, or with the top bit set of 2^-n s (n the
    /// lower 7 bits). `offset` in s, as in if_tsoffset.
    explicit TickClock(std::uint8_t resolution = 6, std::int64_t offset = 0);

    base::Nanoseconds operator()(std::uint64_t ticks) const;

  private:
    base::Nanoseconds since_offset(std::uint64_t ticks) const;

    std::uint8_t resolution_;
    std::uint64_t multiplier_;  // ns a tick; 0: not a whole number
    base::Nanoseconds offset_;
};

}  // namespace tessera::capture
