#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>

#include <tessera/base/error.hpp>
#include <tessera/evaluate/paired_test.hpp>
#include <tessera/evaluate/scores.hpp>

namespace tessera::evaluate {

namespace {

using baseline::Predictions;

std::string const& class_name(Predictions const& all, std::vector<std::int32_t> const& of,
                              std::size_t item) {
    return all.classes[static_cast<std::size_t>(of[item])];
}

void require_same_items(Predictions const& first, Predictions const& second) {
    auto same = first.size() == second.size();
    for (std::size_t i = 0; same && i < first.size(); ++i) {
        same = first.flow[i] == second.flow[i] &&
               first.captures[first.capture[i]] == second.captures[second.capture[i]] &&
               class_name(first, first.labels, i) == class_name(second, second.labels, i);
    }
    base::validate(same, base::ExitCode::bad_input,
                   "the two were not graded on the same items ({} and {}): evaluate both on one "
                   "store, split and level",
                   first.size(), second.size());
}

/// Twice the smaller share of draws on one side of zero, counting the observed one (Davison and
/// Hinkley 1997, 4.2).
double two_sided_p(std::vector<double> const& differences) {
    auto const at_most = [&](double sign) {
        return std::count_if(differences.begin(), differences.end(),
                             [&](double value) { return sign * value <= 0; });
    };
    auto const rarer = static_cast<double>(std::min(at_most(1), at_most(-1)));
    return std::min(1.0, 2 * (rarer + 1) / (static_cast<double>(differences.size()) + 1));
}

// Items of a cluster are right and wrong together: it has one vote, whatever it holds.
void count_disagreements(PairedTest& test, Predictions const& first, Predictions const& second) {
    std::map<std::uint64_t, std::int64_t> ahead;  // cluster: items the first has right above those
                                                  // of the second
    for (std::size_t i = 0; i < first.size(); ++i) {
        auto const a = first.labels[i] == first.predicted[i];
        auto const b = second.labels[i] == second.predicted[i];
        ahead[cluster_of(first, i, test.cluster)] += std::int64_t{a} - std::int64_t{b};
    }
    for (auto const& [cluster, items] : ahead) {
        test.only_first_right += items > 0 ? 1U : 0U;
        test.only_second_right += items < 0 ? 1U : 0U;
    }
}

}  // namespace

double two_sided_sign_test(std::uint64_t heads, std::uint64_t tails) {
    auto const tosses = static_cast<double>(heads + tails);
    double tail = 0;
    for (std::uint64_t k = 0; k <= std::min(heads, tails); ++k) {
        auto const ways = std::lgamma(tosses + 1) - std::lgamma(static_cast<double>(k) + 1) -
                          std::lgamma(tosses - static_cast<double>(k) + 1);
        tail += std::exp(ways - tosses * std::log(2.0));
    }
    return std::min(1.0, 2 * tail);
}

PairedTest paired_test(Predictions const& first, Predictions const& second,
                       BootstrapConfig const& config) {
    require_same_items(first, second);
    PairedTest test;
    test.items = first.size();
    test.cluster = config.cluster;
    test.captures = captures_of(first);
    test.first = grade(first).seen.macro.f1;
    test.second = grade(second).seen.macro.f1;
    auto const differences = difference(bootstrap(first, config).scores.at("macro_f1"),
                                        bootstrap(second, config).scores.at("macro_f1"));
    test.interval = interval(differences, config.level);
    test.p_macro_f1 = two_sided_p(differences);
    count_disagreements(test, first, second);
    test.p_accuracy = two_sided_sign_test(test.only_first_right, test.only_second_right);
    return test;
}

}  // namespace tessera::evaluate
