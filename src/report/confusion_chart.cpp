#include "svg.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <tessera/report/confusion_chart.hpp>

namespace tessera::report {

namespace {

constexpr std::size_t longest_name = 26;       // characters shown of a class name
constexpr std::size_t most_with_numbers = 30;  // classes whose cells have room for text

/// Where things stand; all in user units.
struct Layout {
    explicit Layout(ConfusionChart const& chart)
        : classes(chart.classes.size()), numbered(classes <= most_with_numbers) {
        cell_width = !numbered ? 14 : classes > 16 ? 40 : 48;
        cell_height = numbered ? 34 : 14;
        std::size_t longest = 4;
        for (auto const& name : chart.classes) {
            longest = std::max(longest, std::min(longest_name, character_count(name)));
        }
        auto const text = 7.2 * static_cast<double>(longest);
        left = text + 34;
        top = 64 + text * std::sqrt(0.5);
        auto const side = static_cast<double>(classes);
        // Slanted names of the last columns reach past the grid.
        width = std::max(left + side * cell_width + text * std::sqrt(0.5), 360.0);
        height = top + side * cell_height + 34;
    }

    double x(std::size_t column) const { return left + static_cast<double>(column) * cell_width; }
    double y(std::size_t row) const { return top + static_cast<double>(row) * cell_height; }

    std::size_t classes;
    bool numbered;
    double cell_width, cell_height, left, top, width, height;
};

/// 0.985 is "98.5", 1 is "100": one decimal unless it says nothing.
std::string percent(double share) {
    auto const text = fmt::format("{:.1f}", 100 * share);
    return text.ends_with(".0") ? text.substr(0, text.size() - 2) : text;
}

void draw_names(Svg& svg, ConfusionChart const& chart, Layout const& at) {
    svg.text(12, 24, chart.title, "title");
    svg.text(12, 42, "rows: true class; columns: predicted class", "muted");
    auto const size = at.numbered ? "" : " small";
    for (std::size_t i = 0; i < at.classes; ++i) {
        auto const name = shortened(chart.classes[i], longest_name);
        svg.text(at.left - 8, at.y(i) + at.cell_height / 2 + 4, name, fmt::format("end{}", size));
        svg.slanted_text(at.x(i) + at.cell_width / 2, at.top - 8, name,
                         fmt::format("muted{}", size));
    }
}

void draw_cell(Svg& svg, ConfusionChart const& chart, Layout const& at, std::size_t row,
               std::size_t column, double share) {
    auto const count = chart.counts[row * at.classes + column];
    svg.open_hint(fmt::format("{} taken for {}: {} ({} %)", chart.classes[row],
                              chart.classes[column], count, percent(share)));
    auto const shade = 0.06 + 0.94 * share;
    svg.rectangle(at.x(column), at.y(row), at.cell_width, at.cell_height, "cell", shade);
    if (at.numbered) {
        // The shade from which the other ink reads better: at worst the contrast is 4:1.
        auto const ink = shade > 0.64 ? " on" : "";
        auto const middle = at.x(column) + at.cell_width / 2;
        svg.text(middle, at.y(row) + 15, percent(share), fmt::format("middle{}", ink));
        svg.text(middle, at.y(row) + 28, fmt::format("{}", count),
                 fmt::format("small middle{}", ink));
    }
    svg.close();
}

void draw_row(Svg& svg, ConfusionChart const& chart, Layout const& at, std::size_t row) {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < at.classes; ++i) total += chart.counts[row * at.classes + i];
    for (std::size_t i = 0; i < at.classes; ++i) {
        auto const count = chart.counts[row * at.classes + i];
        if (count == 0) continue;
        draw_cell(svg, chart, at, row, i, static_cast<double>(count) / static_cast<double>(total));
    }
    svg.rectangle(at.x(row), at.y(row), at.cell_width, at.cell_height, "hit");
}

}  // namespace

std::string to_svg(ConfusionChart const& chart) {
    Layout const at(chart);
    Svg svg;
    draw_names(svg, chart, at);
    auto const side = static_cast<double>(at.classes);
    for (std::size_t i = 0; i <= at.classes; ++i) {
        svg.line(at.x(i), at.top, at.x(i), at.y(at.classes), "grid");
        svg.line(at.left, at.y(i), at.left + side * at.cell_width, at.y(i), "grid");
    }
    for (std::size_t row = 0; row < at.classes; ++row) draw_row(svg, chart, at, row);
    svg.text(at.left, at.height - 12,
             at.numbered ? "% of the row, count below" : "shade: % of the row", "muted small");
    return svg.document(at.width, at.height, chart.title);
}

}  // namespace tessera::report
