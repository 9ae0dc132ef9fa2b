#include "axis.hpp"
#include "markup.hpp"
#include "svg.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include <tessera/report/line_chart.hpp>

namespace tessera::report {

namespace {

constexpr double width = 460;
constexpr double height = 300;
constexpr double left = 58;
constexpr double right = 30;  // half of the last label, "500,000"
constexpr double top = 62;
constexpr double bottom = 44;
constexpr double plot_width = width - left - right;
constexpr double plot_height = height - top - bottom;
constexpr std::size_t most_points = 800;
constexpr std::size_t smoothed_from = 200;  // points of a series that gets a running mean
constexpr std::size_t colours = 6;

struct Range {
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();

    void add(double value) {
        low = std::min(low, value);
        high = std::max(high, value);
    }
    bool empty() const { return low > high; }
};

bool drawable(double value, Scale scale) {
    return std::isfinite(value) && (scale == Scale::linear || value > 0);
}

bool drawable(Point const& point, LineChart const& chart) {
    return drawable(point.x, chart.x_scale) && drawable(point.y, chart.y_scale);
}

Axis axis_over(LineChart const& chart, double Point::*value, Scale scale, int wanted) {
    Range range;
    for (auto const& series : chart.series) {
        for (auto const& point : series.points) {
            if (drawable(point, chart)) range.add(point.*value);
        }
    }
    if (range.empty()) range = {scale == Scale::log ? 1.0 : 0.0, 1.0};
    return {range.low, range.high, scale, wanted};
}

/// At most `most_points`: of each run of neighbours only the lowest and the highest stay.
std::vector<Point> thinned(std::vector<Point> const& points) {
    if (points.size() <= most_points) return points;
    std::vector<Point> kept;
    auto const run = (2 * points.size() + most_points - 1) / most_points;
    for (std::size_t begin = 0; begin < points.size(); begin += run) {
        auto const first = points.begin() + static_cast<std::ptrdiff_t>(begin);
        auto const last =
            points.begin() + static_cast<std::ptrdiff_t>(std::min(points.size(), begin + run));
        auto [low, high] = std::minmax_element(
            first, last, [](Point const& a, Point const& b) { return a.y < b.y; });
        if (high < low) std::swap(low, high);
        kept.push_back(*low);
        if (high != low) kept.push_back(*high);
    }
    return kept;
}

/// A chart with its axes laid over it.
struct Plot {
    explicit Plot(LineChart const& of)
        : chart(of),
          x_axis(axis_over(of, &Point::x, of.x_scale, 6)),
          y_axis(axis_over(of, &Point::y, of.y_scale, 5)) {}

    double x(double value) const { return left + plot_width * x_axis.place(value); }
    double y(double value) const { return top + plot_height * (1 - y_axis.place(value)); }

    LineChart const& chart;
    Axis x_axis;
    Axis y_axis;
};

void draw_axes(Svg& svg, Plot const& plot) {
    for (auto const tick : plot.y_axis.ticks()) {
        svg.line(left, plot.y(tick), left + plot_width, plot.y(tick), "grid");
        svg.text(left - 8, plot.y(tick) + 4, plot.y_axis.label(tick), "muted end");
    }
    constexpr auto floor = top + plot_height;
    for (auto const tick : plot.x_axis.ticks()) {
        svg.line(plot.x(tick), floor, plot.x(tick), floor + 4, "axis");
        svg.text(plot.x(tick), floor + 18, plot.x_axis.label(tick), "muted middle");
    }
    svg.line(left, floor, left + plot_width, floor, "axis");
    svg.text(left + plot_width / 2, height - 8, plot.chart.x_label, "muted middle");
    svg.text(left, top - 10, plot.chart.y_label, "muted");
}

/// The mean of each point's neighbourhood: 1/50 of the series, cut at its ends. [same points]
std::vector<Point> running_mean(std::vector<Point> const& points) {
    auto const reach = points.size() / 100;
    std::vector<double> sums{0};
    for (auto const& point : points) sums.push_back(sums.back() + point.y);
    auto means = points;
    for (std::size_t i = 0; i < points.size(); ++i) {
        auto const begin = i - std::min(i, reach);
        auto const end = std::min(points.size(), i + reach + 1);
        means[i].y = (sums[end] - sums[begin]) / static_cast<double>(end - begin);
    }
    return means;
}

bool is_long(Series const& series, LineChart const& chart) {
    return series.points.size() >= smoothed_from &&
           std::all_of(series.points.begin(), series.points.end(),
                       [&](Point const& point) { return drawable(point, chart); });
}

/// SVG path commands through the points, with a gap where one cannot be drawn.
std::string path_through(std::vector<Point> const& points, Plot const& plot) {
    std::string path;
    bool pen_down = false;
    for (auto const& point : points) {
        auto const seen = drawable(point, plot.chart);
        if (seen) {
            path += fmt::format("{}{} {}", pen_down ? "L" : "M", coordinate(plot.x(point.x)),
                                coordinate(plot.y(point.y)));
        }
        pen_down = seen;
    }
    if (points.size() == 1 && pen_down) path += "h0.01";  // a lone point shows as a dot
    return path;
}

std::string_view dashes(Stroke stroke) {
    return stroke == Stroke::dashed ? "6 4" : "";
}

void draw_series(Svg& svg, Series const& series, std::size_t index, Plot const& plot) {
    auto const colour = fmt::format("s{}", index % colours);
    auto const raw = path_through(thinned(series.points), plot);
    if (!is_long(series, plot.chart)) {
        svg.path(raw, "line " + colour, dashes(series.stroke));
        return;
    }
    svg.path(raw, "pale " + colour);
    svg.path(path_through(thinned(running_mean(series.points)), plot), "line " + colour,
             dashes(series.stroke));
}

void draw_legend(Svg& svg, LineChart const& chart) {
    auto x = width - right;
    for (std::size_t i = chart.series.size(); i-- > 0;) {
        auto const name = shortened(chart.series[i].name, 24);
        svg.text(x, top - 10, name, "end");
        x -= 7.6 * static_cast<double>(character_count(name)) + 6;
        svg.path(fmt::format("M{} {}h18", coordinate(x - 18), coordinate(top - 14)),
                 fmt::format("line s{}", i % colours), dashes(chart.series[i].stroke));
        x -= 18 + 14;
    }
}

void draw(Svg& svg, LineChart const& chart) {
    Plot const plot(chart);
    svg.text(left, 24, chart.title, "title");
    draw_axes(svg, plot);
    if (chart.series.size() > 1) draw_legend(svg, chart);
    for (std::size_t i = 0; i < chart.series.size(); ++i) {
        draw_series(svg, chart.series[i], i, plot);
    }
}

}  // namespace

std::string to_svg(LineChart const& chart) {
    Svg svg;
    draw(svg, chart);
    return svg.document(width, height, chart.title);
}

std::string to_svg(std::vector<LineChart> const& charts) {
    Svg svg;
    std::string titles;
    for (std::size_t i = 0; i < charts.size(); ++i) {
        svg.open_group(width * static_cast<double>(i % 2), height * static_cast<double>(i / 2));
        draw(svg, charts[i]);
        svg.close();
        titles += (i > 0 ? ", " : "") + charts[i].title;
    }
    auto const columns = charts.size() > 1 ? 2.0 : 1.0;
    auto const rows = static_cast<double>((charts.size() + 1) / 2);
    return svg.document(width * columns, height * rows, titles);
}

}  // namespace tessera::report
