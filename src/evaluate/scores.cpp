#include <fmt/format.h>

#include <tessera/evaluate/scores.hpp>

namespace tessera::evaluate {

namespace {

std::vector<NamedScore> decision_scores(LabelScores const& labels, Averages const& seen) {
    return {{"accuracy", labels.accuracy},
            {"balanced_accuracy", labels.balanced_accuracy},
            {"macro_precision", seen.macro.precision},
            {"macro_recall", seen.macro.recall},
            {"macro_f1", seen.macro.f1},
            {"weighted_f1", seen.weighted.f1},
            {"mcc", labels.mcc},
            {"kappa", labels.kappa}};
}

}  // namespace

Scores grade(baseline::Predictions const& predictions) {
    baseline::check(predictions);
    Scores scores;
    scores.items = predictions.size();
    scores.confusion =
        Confusion(predictions.classes.size(), predictions.labels, predictions.predicted);
    scores.labels = label_scores(scores.confusion);
    scores.seen = averages(scores.confusion, LabelSet::seen);
    scores.all = averages(scores.confusion, LabelSet::all);
    scores.probabilities = probability_scores(predictions);
    return scores;
}

std::vector<NamedScore> decision_scores(Confusion const& confusion) {
    return decision_scores(label_scores(confusion), averages(confusion, LabelSet::seen));
}

std::vector<NamedScore> named_scores(Scores const& scores) {
    auto named = decision_scores(scores.labels, scores.seen);
    named.insert(named.end(),
                 {{"weighted_precision", scores.seen.weighted.precision},
                  {"weighted_recall", scores.seen.weighted.recall},
                  {"micro_f1", scores.seen.micro.f1},
                  {"macro_f1_all_classes", scores.all.macro.f1},
                  {"balanced_accuracy_adjusted", scores.labels.balanced_accuracy_adjusted},
                  {"log_loss", scores.probabilities.log_loss},
                  {"brier", scores.probabilities.brier},
                  {"ece", scores.probabilities.ece},
                  {"mce", scores.probabilities.mce}});
    for (std::size_t k = 1; k < scores.probabilities.top_k.size(); ++k) {
        named.emplace_back(fmt::format("top_{}_accuracy", k + 1), scores.probabilities.top_k[k]);
    }
    return named;
}

}  // namespace tessera::evaluate
