#include "preprocess_page.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <tessera/report/bar_chart.hpp>
#include <tessera/report/page.hpp>

namespace tessera::apps {

namespace {

report::Table table_of(std::vector<Figure> const& figures) {
    report::Table table{{{"figure", report::Align::left},
                         {"ours"},
                         {"peer"},
                         {"unit", report::Align::left},
                         {"ratio"},
                         {"target", report::Align::left},
                         {"", report::Align::left}},
                        {}};
    for (auto const& figure : figures) {
        table.rows.push_back(
            {figure.name, report::number(figure.ours), report::number(figure.peer), figure.unit,
             report::number(figure.ratio(), 4),
             fmt::format("{} {}", figure.lower ? "at most" : "at least", figure.target),
             met(figure) ? "met" : "not met"});
    }
    return table;
}

report::Figure curve(std::string title, std::string x, std::string y, std::string caption,
                     std::vector<report::Point> const& points) {
    report::Table numbers{{{x}, {y}}, {}};
    for (auto const& point : points) {
        numbers.rows.push_back({report::number(point.x, 0), report::number(point.y, 2)});
    }
    report::LineChart const chart{.title = std::move(title),
                                  .x_label = std::move(x),
                                  .y_label = std::move(y),
                                  .series = {{.name = "preprocess", .points = points}}};
    return {report::to_svg(chart), std::move(caption), std::move(numbers)};
}

report::Figure stage_bars(std::vector<StageTime> const& stages) {
    report::BarChart chart{.title = "Time by stage", .label = "s, one rank", .high = 0};
    report::Table numbers{{{"stage", report::Align::left}, {"s"}}, {}};
    for (auto const& stage : stages) {
        chart.bars.push_back({.name = stage.name, .value = stage.seconds});
        chart.high = std::max(chart.high, stage.seconds);
        numbers.rows.push_back({stage.name, report::number(stage.seconds)});
    }
    return {report::to_svg(chart),
            "What each stage adds, in passes with one stage more each; the rest is writing, "
            "checksums and the wait for the device.",
            std::move(numbers)};
}

}  // namespace

std::string preprocess_page(std::vector<Figure> const& figures, PreprocessCurves const& curves) {
    report::Page page("tessera bench preprocess");
    page.table(table_of(figures));
    for (auto const& figure : figures) page.paragraph(figure.name + ": " + figure.method);
    page.heading("Curves");
    page.figures({curve("Rate against ranks", "ranks", "M packets/s",
                        "Captures to published store, one file shared by the ranks; the machine's "
                        "cores limit it.",
                        curves.rate),
                  curve("Memory against input", "MB of input", "MiB, largest rank",
                        "Largest resident set; the limit is 512 MiB.", curves.memory),
                  stage_bars(curves.stages)});
    return page.html();
}

}  // namespace tessera::apps
