#include "tick_clock.hpp"

#include <limits>

namespace tessera::capture {

namespace {

__extension__ using Wide = unsigned __int128;

constexpr base::Nanoseconds latest = std::numeric_limits<base::Nanoseconds>::max();
constexpr base::Nanoseconds earliest = std::numeric_limits<base::Nanoseconds>::min();
constexpr unsigned decimals_of_ns = 9;

constexpr std::uint64_t power_of_ten(unsigned exponent) {
    std::uint64_t power = 1;
    while (exponent-- > 0) power *= 10;
    return power;
}

base::Nanoseconds clamped(Wide value) {
    return value > static_cast<Wide>(latest) ? latest : static_cast<base::Nanoseconds>(value);
}

base::Nanoseconds in_nanoseconds(std::int64_t seconds) {
    base::Nanoseconds result = 0;
    if (!__builtin_mul_overflow(seconds, base::nanoseconds_per_second, &result)) return result;
    return seconds < 0 ? earliest : latest;
}

base::Nanoseconds sum(base::Nanoseconds left, base::Nanoseconds right) {
    base::Nanoseconds result = 0;
    if (!__builtin_add_overflow(left, right, &result)) return result;
    return right < 0 ? earliest : latest;
}

}  // namespace

TickClock::TickClock(std::uint8_t resolution, std::int64_t offset)
    : resolution_(resolution),
      multiplier_(resolution <= decimals_of_ns ? power_of_ten(decimals_of_ns - resolution) : 0),
      offset_(in_nanoseconds(offset)) {}

base::Nanoseconds TickClock::operator()(std::uint64_t ticks) const {
    return sum(since_offset(ticks), offset_);
}

base::Nanoseconds TickClock::since_offset(std::uint64_t ticks) const {
    if (multiplier_ != 0) return clamped(static_cast<Wide>(ticks) * multiplier_);
    bool const binary = (resolution_ & 0x80U) != 0;
    unsigned const exponent = resolution_ & 0x7fU;
    if (binary) return clamped(static_cast<Wide>(ticks) * power_of_ten(decimals_of_ns) >> exponent);
    constexpr unsigned most_digits = 19;  // of 64 bits
    auto const digits = exponent - decimals_of_ns;
    return digits > most_digits ? 0 : clamped(ticks / power_of_ten(digits));
}

}  // namespace tessera::capture
