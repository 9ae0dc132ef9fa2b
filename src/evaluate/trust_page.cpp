#include "trust_page.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <tessera/report/line_chart.hpp>

namespace tessera::evaluate {

namespace {

using report::Align;
using report::Figure;
using report::grouped;
using report::number;
using report::Table;

std::string with_interval(double value, Interval const& range) {
    return fmt::format("{} [{}, {}]", number(value), number(range.low), number(range.high));
}

/// The report's own model as one among its companions; as theirs, its name says nothing of votes.
std::vector<Companion> all_of(Report const& report) {
    std::string masking = "this store's";
    for (auto const& [key, value] : report.provenance) {
        if (key == "masking") masking = value;
    }
    auto const& graded = report.votes.empty() ? report.model : report.votes.front();
    auto all = report.companions;
    all.insert(all.begin(), {.name = report.model.title,
                             .masking = masking,
                             .label_share = report.split.label_share,
                             .macro_f1 = graded.scores.seen.macro.f1,
                             .interval = graded.intervals.at("macro_f1")});
    return all;
}

template <class Value>
std::size_t distinct(std::vector<Companion> const& all, Value Companion::*member) {
    std::set<Value> values;
    for (auto const& companion : all) values.insert(companion.*member);
    return values.size();
}

Figure label_budget_figure(std::vector<Companion> all) {
    std::stable_sort(all.begin(), all.end(), [](Companion const& a, Companion const& b) {
        return a.label_share < b.label_share;
    });
    std::map<std::string, report::Series> of_name;
    Table numbers{{{"model", Align::left}, {"masking", Align::left}, {"labels"}, {"macro-F1"}}, {}};
    for (auto const& run : all) {
        auto const name = fmt::format("{} ({})", run.name, run.masking);
        auto& series = of_name[name];
        series.name = name;
        series.points.push_back({100 * run.label_share, run.macro_f1});
        numbers.rows.push_back({run.name, run.masking, fmt::format("{:g} %", 100 * run.label_share),
                                with_interval(run.macro_f1, run.interval)});
    }
    report::LineChart chart{"Label budget",     "labels in training (%)", "macro-F1",
                            report::Scale::log, report::Scale::linear,    {}};
    for (auto& [name, series] : of_name) chart.series.push_back(std::move(series));
    return {to_svg(chart),
            "The same model as reports given beside it grade it, with fewer labels to learn from.",
            numbers};
}

Table masking_table(std::vector<Companion> const& all) {
    std::map<std::string, std::map<std::string, std::string>> cells;  // [name][masking]
    Table table{{{"model", Align::left}}, {}};
    for (auto const& run : all) {
        if (run.label_share < 1) continue;
        auto const known =
            std::any_of(table.columns.begin(), table.columns.end(),
                        [&](report::Column const& column) { return column.name == run.masking; });
        if (!known) table.columns.push_back({run.masking});
        cells[run.name][run.masking] = with_interval(run.macro_f1, run.interval);
    }
    for (auto const& [name, of_masking] : cells) {
        std::vector<std::string> row{name};
        for (std::size_t i = 1; i < table.columns.size(); ++i) {
            auto const cell = of_masking.find(table.columns[i].name);
            row.push_back(cell == of_masking.end() ? "\u2013" : cell->second);
        }
        table.rows.push_back(std::move(row));
    }
    return table;
}

std::vector<std::string> likes_row(std::string name, Likes const& likes) {
    return {std::move(name), grouped(likes.flows), grouped(likes.of_another_class)};
}

}  // namespace

void add_duplicates(report::Page& page, Report const& report) {
    if (!report.duplicates) return;
    auto const& found = *report.duplicates;
    page.heading("Duplicates");
    Table table{{{"test flows with their like in training", Align::left},
                 {"count"},
                 {"learnt under other classes only"}},
                {}};
    table.rows = {{"labelled", grouped(found.test_flows), ""}};
    if (found.input) table.rows.push_back(likes_row("of equal input for the model", *found.input));
    table.rows.push_back(likes_row("of equal tokens, whole flows", found.tokens));
    table.rows.push_back(likes_row("of equal packet sizes, first 30", found.sizes));
    page.table(table);
    for (auto const& rest : report.unseen) {
        page.paragraph(
            fmt::format("Without the test flows of equal {}: macro-F1 {} on {} {}s.",
                        found.input ? "input" : "tokens",
                        with_interval(rest.scores.seen.macro.f1, rest.intervals.at("macro_f1")),
                        grouped(rest.scores.items), report.item));
    }
}

void add_companions(report::Page& page, Report const& report) {
    if (report.companions.empty()) return;
    auto const all = all_of(report);
    page.heading("Beside other runs");
    if (distinct(all, &Companion::label_share) > 1) page.figures({label_budget_figure(all)});
    page.paragraph("macro-F1 with its interval, a column a masking profile, all labels in use.");
    page.table(masking_table(all));
}

Figure rejection_figure(Report const& report) {
    auto const& rejection = report.rejection;
    report::Series curve{"accuracy", {}, report::Stroke::solid};
    Table numbers{{{"least confidence"}, {"answered"}, {"accuracy"}}, {}};
    for (auto const& point : rejection.curve) {
        curve.points.push_back({point.coverage, point.accuracy});
        numbers.rows.push_back(
            {number(point.threshold), number(point.coverage), number(point.accuracy)});
    }
    auto caption = fmt::format(
        "Accuracy when the least certain answers are held back; AUROC of right against wrong {}.",
        number(rejection.auroc_of_errors));
    if (report.unknown) {
        caption += fmt::format(
            " Classes never learnt ({}): AUROC {}, {} of {} items taken for known where 95 % of "
            "the known are answered.",
            fmt::join(report.unknown->classes, ", "), number(report.unknown->auroc),
            number(report.unknown->false_positives_at_95), grouped(report.unknown->unknown_items));
    }
    return {to_svg(report::LineChart{"Rejection",
                                     "share of items answered",
                                     "accuracy",
                                     report::Scale::linear,
                                     report::Scale::linear,
                                     {curve}}),
            caption, numbers};
}

}  // namespace tessera::evaluate
