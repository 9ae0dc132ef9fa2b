#include <algorithm>
#include <set>

#include <fmt/format.h>

#include <tessera/report/run_page.hpp>

namespace tessera::report {

namespace {

constexpr std::size_t most_table_rows = 40;

/// One picture of a run: a name of metrics.jsonl and how to show it.
struct Curve {
    char const* metric;
    char const* title;
    char const* unit;
};

constexpr Curve curves[] = {
    {"loss", "Loss", "nats"},
    {"accuracy", "Accuracy", "share of items"},
    {"macro_f1", "Macro-F1", "0 to 1"},
    {"mlm_loss", "Masked-token loss", "nats"},
    {"mlm_accuracy", "Masked-token accuracy", "share of masked tokens"},
    {"sop_loss", "Same-origin loss", "nats"},
    {"sop_accuracy", "Same-origin accuracy", "share of pairs"},
    {"lr", "Learning rate", "per step"},
    {"grad_norm", "Gradient norm", "before clipping"},
    {"sequences_per_second", "Throughput", "sequences per second"},
    {"tokens_per_second", "Token throughput", "tokens per second"},
};

Series series_of(std::vector<MetricRow> const& metrics, std::string const& split,
                 char const* metric) {
    Series series{split, {}, split == "valid" ? Stroke::dashed : Stroke::solid};
    for (auto const& row : metrics) {
        auto const value = row.value(metric);
        if (row.split == split && value) {
            series.points.push_back({static_cast<double>(row.step), *value});
        }
    }
    return series;
}

LineChart chart_of(std::vector<MetricRow> const& metrics, Curve const& curve) {
    LineChart chart{curve.title, "step", curve.unit, Scale::linear, Scale::linear, {}};
    for (auto const* split : {"train", "valid"}) {
        auto series = series_of(metrics, split, curve.metric);
        if (!series.points.empty()) chart.series.push_back(std::move(series));
    }
    return chart;
}

std::vector<LineChart> charts_of(std::vector<MetricRow> const& metrics) {
    std::vector<LineChart> charts;
    for (auto const& curve : curves) {
        auto chart = chart_of(metrics, curve);
        if (!chart.series.empty()) charts.push_back(std::move(chart));
    }
    return charts;
}

/// `steps` thinned evenly to a table's length, the last always kept.
std::vector<double> table_steps(std::set<double> const& steps) {
    std::vector<double> const all(steps.begin(), steps.end());
    if (all.size() <= most_table_rows) return all;
    std::vector<double> kept;
    for (std::size_t i = 0; i < most_table_rows; ++i) {
        kept.push_back(all[i * (all.size() - 1) / (most_table_rows - 1)]);
    }
    return kept;
}

std::string value_at(Series const& series, double step) {
    for (auto const& point : series.points) {
        if (point.x == step) return fmt::format("{:.6g}", point.y);
    }
    return "";
}

Table numbers_of(LineChart const& chart) {
    Table table{{{"step"}}, {}};
    std::set<double> steps;
    for (auto const& series : chart.series) {
        table.columns.push_back({series.name});
        for (auto const& point : series.points) steps.insert(point.x);
    }
    for (auto const step : table_steps(steps)) {
        std::vector<std::string> row{fmt::format("{}", step)};
        for (auto const& series : chart.series) row.push_back(value_at(series, step));
        table.rows.push_back(std::move(row));
    }
    return table;
}

/// "Loss: train 0.412, valid 0.498 at the last step."
std::string caption_of(LineChart const& chart) {
    auto text = chart.title + ":";
    for (auto const& series : chart.series) {
        auto const& last = series.points.back();
        text += fmt::format("{} {} {:.4g} at step {}", &series == &chart.series.front() ? "" : ",",
                            series.name, last.y, last.x);
    }
    return text + ".";
}

}  // namespace

std::vector<Figure> curve_figures(std::vector<MetricRow> const& metrics) {
    std::vector<Figure> figures;
    for (auto const& chart : charts_of(metrics)) {
        figures.push_back({to_svg(chart), caption_of(chart), numbers_of(chart)});
    }
    return figures;
}

RunPages run_page(RunSummary const& summary) {
    Page page(summary.title);
    page.heading("Run");
    page.table(facts(summary.facts));
    page.heading("Curves");
    auto const figures = curve_figures(summary.metrics);
    if (figures.empty()) page.paragraph("No metrics were written yet.");
    page.figures(figures);
    page.paragraph(
        "Pale lines show every step, the full line above them a running mean over 1/50 of the "
        "steps. Long tables show evenly spaced steps; metrics.csv holds every one.");
    if (!summary.config.empty()) {
        page.heading("Configuration");
        page.fold("config.toml", summary.config);
    }
    return {page.html(), to_svg(charts_of(summary.metrics))};
}

}  // namespace tessera::report
