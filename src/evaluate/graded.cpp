#include <fmt/format.h>

#include <tessera/evaluate/report.hpp>

namespace tessera::evaluate {

namespace {

std::string cell(Graded const& graded, std::string const& score, double value) {
    auto const at = graded.intervals.find(score);
    if (at == graded.intervals.end()) return report::number(value);
    return fmt::format("{} [{}, {}]", report::number(value), report::number(at->second.low),
                       report::number(at->second.high));
}

std::vector<std::string> row(Graded const& graded) {
    auto const& scores = graded.scores;
    return {graded.title,
            cell(graded, "macro_f1", scores.seen.macro.f1),
            cell(graded, "accuracy", scores.labels.accuracy),
            report::number(scores.labels.balanced_accuracy),
            report::number(scores.seen.weighted.f1),
            report::number(scores.labels.mcc)};
}

}  // namespace

Graded graded(std::string name, std::string title, baseline::Predictions predictions,
              BootstrapConfig const& config) {
    Graded result;
    result.name = std::move(name);
    result.title = std::move(title);
    result.scores = grade(predictions);
    result.replicates = bootstrap(predictions, config);
    for (auto const& [score, value] : decision_scores(result.scores.confusion)) {
        auto const range = interval(result.replicates.scores[score], config.level);
        result.intervals[score] = around(value, range);
    }
    for (auto const& values : result.replicates.class_f1) {
        result.class_f1.push_back(interval(values, config.level));
    }
    result.predictions = std::move(predictions);
    return result;
}

std::vector<Graded> graded(std::vector<baseline::Control> const& controls,
                           baseline::Predictions const& model, BootstrapConfig const& config) {
    std::vector<Graded> all;
    for (auto const& control : controls) {
        all.push_back(graded(control.name, control.title,
                             baseline::for_items(control.predictions, model), config));
    }
    return all;
}

report::Table score_table(Report const& report) {
    report::Table table{{{"", report::Align::left},
                         {"macro-F1"},
                         {"accuracy"},
                         {"balanced accuracy"},
                         {"weighted F1"},
                         {"MCC"}},
                        {}};
    table.rows.push_back(row(report.model));
    for (auto const& votes : report.votes) table.rows.push_back(row(votes));
    for (auto const& control : report.controls) table.rows.push_back(row(control));
    return table;
}

}  // namespace tessera::evaluate
