#include <algorithm>

#include <fmt/format.h>

#include <tessera/evaluate/report.hpp>

namespace tessera::evaluate {

namespace {

constexpr char const* main_score = "macro_f1";

double macro_f1(Graded const& graded) {
    return graded.scores.seen.macro.f1;
}

Graded const* best_of(std::vector<Graded> const& controls) {
    auto const best = std::max_element(
        controls.begin(), controls.end(),
        [](Graded const& a, Graded const& b) { return macro_f1(a) < macro_f1(b); });
    return best == controls.end() ? nullptr : &*best;
}

std::string with_interval(Graded const& graded) {
    auto const& range = graded.intervals.at(main_score);
    return fmt::format("{:.3f} [{:.3f}, {:.3f}]", macro_f1(graded), range.low, range.high);
}

std::string comparison(Graded const& best, Lead const& lead) {
    auto const* clear = lead.interval.low > 0 ? "" : ", not clearly better";
    return fmt::format("Best control: {} with {}; the model leads by {:.3f} [{:.3f}, {:.3f}]{}.",
                       best.title, with_interval(best), lead.difference, lead.interval.low,
                       lead.interval.high, clear);
}

Headline graded_headline(Report const& report) {
    auto const score =
        fmt::format("macro-F1 {} on {} {}s of the test fold.", with_interval(report.model),
                    report::grouped(report.model.scores.items), report.item);
    if (report.subject == Subject::controls) {
        return {fmt::format("Strongest control: {}, {}", report.model.title, score), false};
    }
    auto const* best = best_of(report.controls);
    if (best == nullptr) return {score + " No control was run beside it.", false};
    if (macro_f1(*best) >= macro_f1(report.model)) {
        return {fmt::format("A control does as well or better: {} reaches macro-F1 {}; the "
                            "model reaches {}",
                            best->title, with_interval(*best), score),
                true};
    }
    return {score + " " + comparison(*best, lead_over(report.model, *best, report.bootstrap.level)),
            false};
}

}  // namespace

Lead lead_over(Graded const& model, Graded const& control, double level) {
    return {macro_f1(model) - macro_f1(control),
            interval(difference(model.replicates.scores.at(main_score),
                                control.replicates.scores.at(main_score)),
                     level)};
}

Headline headline(Report const& report) {
    auto first = graded_headline(report);
    if (report.split.is_leaky) {
        first.text =
            "LEAKY SPLIT: packets of one flow stand in training and in test, so these scores say "
            "how well flows are recognised, not classes. " +
            first.text;
    }
    return first;
}

}  // namespace tessera::evaluate
