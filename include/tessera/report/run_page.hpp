#pragma once

#include <string>
#include <utility>
#include <vector>

#include <tessera/report/line_chart.hpp>
#include <tessera/report/metrics.hpp>
#include <tessera/report/page.hpp>

namespace tessera::report {

/// What a training run has to show.
struct RunSummary {
    std::string title;                                       ///< e.g. "pretrain: runs/first"
    std::vector<std::pair<std::string, std::string>> facts;  ///< model, data, ranks, seed, ..
    std::vector<MetricRow> metrics;
    std::string config;  ///< config.toml
};

struct RunPages {
    std::string html;    ///< report.html
    std::string curves;  ///< curves.svg
};

/// The page and the picture of a run: losses, accuracies, learning rate, gradient norm and
/// throughput over steps, as far as the metrics hold them, training and validation in one frame.
RunPages run_page(RunSummary const& summary);

/// The curves of a run as figures with their numbers, for other pages.
std::vector<Figure> curve_figures(std::vector<MetricRow> const& metrics);

}  // namespace tessera::report
