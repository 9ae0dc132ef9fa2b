#pragma once

#include <string>
#include <vector>

#include <tessera/report/line_chart.hpp>

namespace tessera::report {

/// A range of values mapped onto [0, 1], with round tick values inside it.
class Axis {
  public:
    /// Covers [low, high] and a little more, up to round numbers, with about `wanted` ticks. A log
    /// axis needs low > 0.
    Axis(double low, double high, Scale scale, int wanted);

    double place(double value) const;  ///< 0 at the low end, 1 at the high end

    std::vector<double> const& ticks() const { return ticks_; }
    std::string label(double tick) const;

  private:
    void place_linear_ticks(int wanted);
    void place_log_ticks();

    double low_;
    double high_;
    Scale scale_;
    double step_ = 0;  // between linear ticks
    std::vector<double> ticks_;
};

/// A value as short text: 12000 is "12k", 0.00002 is "2e-5"; `decimals` after the point otherwise.
std::string short_number(double value, int decimals);

}  // namespace tessera::report
