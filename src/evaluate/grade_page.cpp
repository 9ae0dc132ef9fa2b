#include "trust_page.hpp"

#include <cmath>
#include <optional>

#include <fmt/format.h>

#include <tessera/evaluate/report.hpp>
#include <tessera/evaluate/store_facts.hpp>
#include <tessera/report/bar_chart.hpp>
#include <tessera/report/confusion_chart.hpp>
#include <tessera/report/line_chart.hpp>
#include <tessera/report/page.hpp>
#include <tessera/report/run_page.hpp>

namespace tessera::evaluate {

namespace {

using report::Align;
using report::Figure;
using report::grouped;
using report::number;
using report::Page;
using report::Table;

std::optional<std::pair<double, double>> whisker_of(Interval const& range) {
    if (!std::isfinite(range.low)) return std::nullopt;
    return std::pair{range.low, range.high};
}

std::string text_of(Interval const& range) {
    return fmt::format("[{}, {}]", number(range.low), number(range.high));
}

Figure controls_figure(Report const& report) {
    report::BarChart chart{"Macro-F1 beside the controls", "macro-F1 with its interval", 1, {}};
    Table numbers{
        {{"", Align::left}, {"macro-F1"}, {"interval"}, {"behind the first by"}, {"interval"}}, {}};
    auto const add = [&](Graded const& graded, bool is_control) {
        auto const value = graded.scores.seen.macro.f1;
        auto const range = graded.intervals.at("macro_f1");
        chart.bars.push_back({graded.title, value, whisker_of(range), "", is_control});
        std::vector<std::string> row{graded.title, number(value), text_of(range)};
        if (is_control) {
            auto const lead = lead_over(report.model, graded, report.bootstrap.level);
            row.push_back(number(lead.difference));
            row.push_back(text_of(lead.interval));
        }
        numbers.rows.push_back(std::move(row));
    };
    add(report.model, false);
    for (auto const& control : report.controls) add(control, true);
    return {to_svg(chart), "What is graded (blue) beside the controls (orange), on the same items.",
            numbers};
}

Table class_table(Graded const& graded) {
    Table table{{{"class", Align::left},
                 {"precision"},
                 {"recall"},
                 {"F1"},
                 {"interval"},
                 {"support"},
                 {"predicted"}},
                {}};
    for (auto const& score : graded.scores.all.per_class) {
        table.rows.push_back({graded.predictions.classes[score.label],
                              number(score.rates.precision), number(score.rates.recall),
                              number(score.rates.f1), text_of(graded.class_f1[score.label]),
                              grouped(score.support), grouped(score.predicted)});
    }
    return table;
}

Figure classes_figure(Graded const& graded) {
    report::BarChart chart{"F1 by class", "F1 with its interval; n: items of the class", 1, {}};
    for (auto const& score : graded.scores.all.per_class) {
        chart.bars.push_back({graded.predictions.classes[score.label], score.rates.f1,
                              whisker_of(graded.class_f1[score.label]),
                              fmt::format("n = {}", score.support), false});
    }
    return {to_svg(chart), "F1 of each class.", class_table(graded)};
}

Figure confusion_figure(Graded const& graded) {
    auto const& classes = graded.predictions.classes;
    auto const& confusion = graded.scores.confusion;
    Table counts{{{"true class", Align::left}}, {}};
    for (auto const& name : classes) counts.columns.push_back({name});
    for (std::size_t i = 0; i < classes.size(); ++i) {
        std::vector<std::string> row{classes[i]};
        for (std::size_t j = 0; j < classes.size(); ++j) {
            row.push_back(grouped(confusion.at(i, j)));
        }
        counts.rows.push_back(std::move(row));
    }
    return {to_svg(report::ConfusionChart{"Confusion matrix", classes, confusion.counts()}),
            "Rows are true classes, columns what the model said; also in confusion.csv.", counts};
}

Figure calibration_figure(ProbabilityScores const& scores) {
    report::Series model{"model", {}, report::Stroke::solid};
    Table numbers{{{"confidence", Align::left}, {"items"}, {"mean confidence"}, {"accuracy"}}, {}};
    for (std::size_t i = 0; i < scores.calibration.size(); ++i) {
        auto const& bin = scores.calibration[i];
        if (bin.items == 0) continue;
        model.points.push_back({bin.confidence, bin.accuracy});
        auto const low = static_cast<double>(i) / calibration_bins;
        numbers.rows.push_back({fmt::format("{:.2f} to {:.2f}", low, low + 1.0 / calibration_bins),
                                grouped(bin.items), number(bin.confidence), number(bin.accuracy)});
    }
    report::Series const ideal{"calibrated", {{0, 0}, {1, 1}}, report::Stroke::dashed};
    return {to_svg(report::LineChart{"Calibration",
                                     "mean confidence",
                                     "accuracy",
                                     report::Scale::linear,
                                     report::Scale::linear,
                                     {model, ideal}}),
            fmt::format("Calibration error (ECE, 15 bins) {}, largest gap {}.", number(scores.ece),
                        number(scores.mce)),
            numbers};
}

Table all_scores(Graded const& graded) {
    Table table{{{"score", Align::left}, {"value"}, {"interval"}}, {}};
    for (auto const& [name, value] : named_scores(graded.scores)) {
        auto const at = graded.intervals.find(name);
        table.rows.push_back(
            {name, number(value, 4), at == graded.intervals.end() ? "" : text_of(at->second)});
    }
    return table;
}

std::string how_intervals_were_made(Report const& report) {
    auto const& config = report.bootstrap;
    auto const text =
        fmt::format("Intervals: {:g} %, percentiles of {} resamples of whole {}s.",
                    100 * config.level, grouped(config.resamples), name(config.cluster));
    return text + caution(config.cluster, captures_of(report.model.predictions), " ");
}

void add_cleaning(Page& page, SplitFacts const& split) {
    if (!split.cleaning.empty()) {
        Table table{{{"cleaning", Align::left}, {"flows in"}, {"flows out"}}, {}};
        for (auto const& row : split.cleaning) {
            table.rows.push_back({row.stage, grouped(row.flows_in), grouped(row.flows_out)});
        }
        page.table(table);
    }
    if (split.equal_flows.empty()) return;
    page.paragraph(
        "Flows of the store that equal an earlier one; where equal flows are of several classes, "
        "the best accuracy of what sees only this much.");
    page.table(equal_flows_table(split));
}

void add_split(Page& page, SplitFacts const& split) {
    page.heading("Split and its audit");
    page.table(report::facts({{"split", split.name},
                              {"kept together", "all of one " + split.by},
                              {"train flows", grouped(split.flows[0])},
                              {"valid flows", grouped(split.flows[1])},
                              {"test flows", grouped(split.flows[2])},
                              {"labels kept", fmt::format("{:g} %", 100 * split.label_share)}}));
    add_cleaning(page, split);
    for (auto const& warning : split.warnings) page.paragraph(warning);
    if (split.audit.empty()) return;
    page.paragraph("Values that stand in two folds at once; a model may know them again.");
    Table table{
        {{"folds", Align::left}, {"value", Align::left}, {"in both"}, {"first"}, {"second"}}, {}};
    for (auto const& row : split.audit) {
        table.rows.push_back(
            {row.folds, row.what, grouped(row.shared), grouped(row.first), grouped(row.second)});
    }
    page.table(table);
}

void add_packets(Page& page, PacketCounts const& packets) {
    if (packets.read == 0) return;
    page.heading("Packets");
    Table table{{{"packets", Align::left}, {"count"}}, {}};
    table.rows = {{"read", grouped(packets.read)}, {"kept", grouped(packets.kept)}};
    for (auto const& [reason, count] : packets.dropped) {
        if (count > 0) table.rows.push_back({"dropped: " + reason, grouped(count)});
    }
    page.table(table);
}

}  // namespace

std::string report_html(Report const& report) {
    Page page(report.title);
    auto const first = headline(report);
    page.headline(first.text, first.control_wins ? report::Tone::warning : report::Tone::plain);
    page.heading("Scores");
    page.table(score_table(report));
    page.paragraph(how_intervals_were_made(report));
    for (auto const& note : report.notes) page.paragraph(note);
    page.figures({controls_figure(report), classes_figure(report.model)});
    page.heading("Confusion matrix");
    page.wide_figure(confusion_figure(report.model));
    page.heading("Probabilities and further scores");
    page.figures({calibration_figure(report.model.scores.probabilities), rejection_figure(report)});
    page.table(all_scores(report.model));
    add_companions(page, report);
    auto const curves = report::curve_figures(report.metrics);
    if (!curves.empty()) page.heading("Training");
    page.figures(curves);
    add_split(page, report.split);
    add_duplicates(page, report);
    add_packets(page, report.packets);
    page.heading("Provenance");
    page.table(report::facts(report.provenance));
    return page.html();
}

}  // namespace tessera::evaluate
