#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tessera::report {

struct Bar {
    std::string name;
    double value = 0;
    std::optional<std::pair<double, double>> interval;  ///< drawn as a whisker
    std::string note;                                   ///< e.g. "n = 120"
    bool marked = false;                                ///< drawn in the second colour
};

/// Horizontal bars from zero.
struct BarChart {
    std::string title;
    std::string label;  ///< of the values, with the unit
    double high = 1;    ///< right end of the scale
    std::vector<Bar> bars;
};

/// A complete SVG document, one row a bar, each with its value as text.
std::string to_svg(BarChart const& chart);

}  // namespace tessera::report
