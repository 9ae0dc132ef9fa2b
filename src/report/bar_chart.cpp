#include "axis.hpp"
#include "markup.hpp"
#include "svg.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <tessera/report/bar_chart.hpp>

namespace tessera::report {

namespace {

constexpr double width = 460;
constexpr double top = 58;
constexpr double row_height = 24;
constexpr std::size_t longest_name = 26;
constexpr double text_room = 116;  // right of the bars: value and note

double name_room(BarChart const& chart) {
    std::size_t longest = 4;
    for (auto const& bar : chart.bars) {
        longest = std::max(longest, std::min(longest_name, character_count(bar.name)));
    }
    return 7.2 * static_cast<double>(longest) + 20;
}

void draw_scale(Svg& svg, Axis const& axis, double left, double room, double bottom) {
    for (auto const tick : axis.ticks()) {
        auto const x = left + room * axis.place(tick);
        svg.line(x, top, x, bottom, "grid");
        svg.text(x, bottom + 16, axis.label(tick), "muted middle");
    }
}

void draw_whisker(Svg& svg, double low, double high, double y) {
    svg.path(fmt::format("M{0} {2}H{1}M{0} {3}v8M{1} {3}v8", coordinate(low), coordinate(high),
                         coordinate(y), coordinate(y - 4)),
             "whisker");
}

void draw_bar(Svg& svg, Bar const& bar, Axis const& axis, double left, double room, double y) {
    auto const place = [&](double value) {
        return left + room * std::clamp(axis.place(value), 0.0, 1.0);
    };
    auto const value = std::isfinite(bar.value) ? bar.value : 0.0;
    svg.text(left - 8, y + 16, shortened(bar.name, longest_name), "end");
    svg.rectangle(left, y + 4, place(value) - left, row_height - 8, bar.marked ? "f1" : "f0", 0.8);
    if (bar.interval) {
        draw_whisker(svg, place(bar.interval->first), place(bar.interval->second),
                     y + row_height / 2);
    }
    auto const text = std::isfinite(bar.value) ? fmt::format("{:.3f}", bar.value) : "\u2013";
    svg.text(left + room + 10, y + 16, text, "");
    svg.text(width - 6, y + 16, bar.note, "muted small end");
}

}  // namespace

std::string to_svg(BarChart const& chart) {
    Axis const axis(0, chart.high, Scale::linear, 5);
    auto const left = name_room(chart);
    auto const room = width - left - text_room;
    auto const bottom = top + row_height * static_cast<double>(chart.bars.size());
    Svg svg;
    svg.text(12, 24, chart.title, "title");
    svg.text(12, 42, chart.label, "muted");
    draw_scale(svg, axis, left, room, bottom);
    for (std::size_t i = 0; i < chart.bars.size(); ++i) {
        draw_bar(svg, chart.bars[i], axis, left, room, top + row_height * static_cast<double>(i));
    }
    svg.line(left, top, left, bottom, "axis");
    return svg.document(width, bottom + 28, chart.title);
}

}  // namespace tessera::report
