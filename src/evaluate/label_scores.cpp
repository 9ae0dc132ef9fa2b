#include <cmath>

#include <tessera/evaluate/label_scores.hpp>

namespace tessera::evaluate {

namespace {

double ratio(double part, double whole) {
    return whole == 0 ? 0.0 : part / whole;
}

double count(std::uint64_t value) {
    return static_cast<double>(value);
}

Rates rates_of(double correct, double predicted, double support) {
    return {ratio(correct, predicted), ratio(correct, support),
            ratio(2 * correct, predicted + support)};
}

Rates& operator+=(Rates& sum, Rates const& rates) {
    sum.precision += rates.precision;
    sum.recall += rates.recall;
    sum.f1 += rates.f1;
    return sum;
}

Rates scaled(Rates const& rates, double factor) {
    return {rates.precision * factor, rates.recall * factor, rates.f1 * factor};
}

/// Sums of products of the margins, on which MCC and kappa rest.
struct Margins {
    double both = 0;       // sum of support * predictions
    double support = 0;    // sum of support squared
    double predicted = 0;  // sum of predictions squared
};

Margins margins_of(std::vector<std::uint64_t> const& support,
                   std::vector<std::uint64_t> const& predicted) {
    Margins sums;
    for (std::size_t i = 0; i < support.size(); ++i) {
        sums.both += count(support[i]) * count(predicted[i]);
        sums.support += count(support[i]) * count(support[i]);
        sums.predicted += count(predicted[i]) * count(predicted[i]);
    }
    return sums;
}

double mean_recall(Confusion const& confusion, std::vector<std::uint64_t> const& support,
                   std::size_t& present) {
    double sum = 0;
    for (std::size_t i = 0; i < support.size(); ++i) {
        if (support[i] == 0) continue;
        sum += count(confusion.at(i, i)) / count(support[i]);
        ++present;
    }
    return ratio(sum, count(present));
}

}  // namespace

LabelScores label_scores(Confusion const& confusion) {
    auto const total = count(confusion.total());
    auto const correct = count(confusion.correct());
    auto const support = confusion.support();
    auto const margins = margins_of(support, confusion.predictions());

    LabelScores scores;
    scores.accuracy = ratio(correct, total);
    std::size_t present = 0;
    scores.balanced_accuracy = mean_recall(confusion, support, present);
    if (present > 1) {
        auto const chance = 1.0 / count(present);
        scores.balanced_accuracy_adjusted = (scores.balanced_accuracy - chance) / (1 - chance);
    }
    scores.mcc =
        ratio(correct * total - margins.both,
              std::sqrt((total * total - margins.predicted) * (total * total - margins.support)));
    auto const chance = ratio(margins.both, total * total);
    scores.kappa = ratio(scores.accuracy - chance, 1 - chance);
    return scores;
}

Averages averages(Confusion const& confusion, LabelSet over) {
    auto const support = confusion.support();
    auto const predicted = confusion.predictions();
    auto const total = count(confusion.total());
    Averages result;
    for (std::size_t i = 0; i < confusion.classes(); ++i) {
        if (over == LabelSet::seen && support[i] == 0 && predicted[i] == 0) continue;
        auto const rates =
            rates_of(count(confusion.at(i, i)), count(predicted[i]), count(support[i]));
        result.per_class.push_back({i, rates, support[i], predicted[i]});
        result.macro += rates;
        result.weighted += scaled(rates, ratio(count(support[i]), total));
    }
    result.macro = scaled(result.macro, ratio(1, count(result.per_class.size())));
    result.micro = rates_of(count(confusion.correct()), total, total);
    return result;
}

}  // namespace tessera::evaluate
