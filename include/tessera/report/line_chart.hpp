#pragma once

#include <string>
#include <vector>

namespace tessera::report {

enum class Scale { linear, log };
enum class Stroke { solid, dashed };

struct Point {
    double x = 0;
    double y = 0;
};

/// One line of a chart. Points are drawn in order; a value that is not finite (or not above zero on
/// a log axis) leaves a gap.
struct Series {
    std::string name;
    std::vector<Point> points;
    Stroke stroke = Stroke::solid;
};

struct LineChart {
    std::string title;
    std::string x_label;  ///< with its unit, e.g. "step"
    std::string y_label;  ///< with its unit, e.g. "loss (nats)"
    Scale x_scale = Scale::linear;
    Scale y_scale = Scale::linear;
    std::vector<Series> series;
};

/// A complete SVG document of 460 x 300 units: axes with round ticks, legend, title. Text is
/// escaped; colours follow the reader's light or dark setting. Series of 200 points or more are
/// drawn pale, thinned without losing a spike, under their running mean over 1/50 of the points.
std::string to_svg(LineChart const& chart);

/// Several charts in one document, two a row.
std::string to_svg(std::vector<LineChart> const& charts);

}  // namespace tessera::report
