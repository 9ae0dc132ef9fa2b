#include "calibration.hpp"

#include <algorithm>
#include <cmath>

namespace tessera::train {
namespace {

constexpr double lost_share = 0.05;  // of the right answers that become unknown
constexpr double coldest = 0.05;
constexpr double hottest = 20;

/// Labelled rows of logits.
class Rows {
  public:
    Rows(std::span<float const> logits, std::span<std::int64_t const> labels, std::size_t classes)
        : logits_(logits), labels_(labels), classes_(classes) {
        for (std::size_t i = 0; i < labels.size(); ++i) {
            if (labels[i] >= 0) used_.push_back(i);
        }
    }

    bool empty() const { return used_.empty(); }

    double cross_entropy(double temperature) const {
        double sum = 0;
        for (auto const row : used_) sum -= std::log(probability(row, label(row), temperature));
        return sum;
    }

    /// Probabilities of the answers that are right, ascending.
    std::vector<double> of_right_answers(double temperature) const {
        std::vector<double> found;
        for (auto const row : used_) {
            auto const values = logits_.subspan(row * classes_, classes_);
            auto const best = std::ranges::max_element(values) - values.begin();
            if (static_cast<std::size_t>(best) != label(row)) continue;
            found.push_back(probability(row, label(row), temperature));
        }
        std::ranges::sort(found);
        return found;
    }

  private:
    std::size_t label(std::size_t row) const { return static_cast<std::size_t>(labels_[row]); }

    double probability(std::size_t row, std::size_t of, double temperature) const {
        auto const values = logits_.subspan(row * classes_, classes_);
        auto const largest = static_cast<double>(std::ranges::max(values));
        double sum = 0;
        for (auto const value : values) {
            sum += std::exp((static_cast<double>(value) - largest) / temperature);
        }
        auto const own = std::exp((static_cast<double>(values[of]) - largest) / temperature);
        return std::max(own / sum, 1e-300);
    }

    std::span<float const> logits_;
    std::span<std::int64_t const> labels_;
    std::size_t classes_;
    std::vector<std::size_t> used_;
};

/// Golden-section search over the logarithm of the temperature: the cross-entropy has one minimum.
double best_temperature(Rows const& rows) {
    double const golden = (std::sqrt(5.0) - 1) / 2;
    auto low = std::log(coldest);
    auto high = std::log(hottest);
    for (int i = 0; i < 40; ++i) {
        auto const left = high - golden * (high - low);
        auto const right = low + golden * (high - low);
        if (rows.cross_entropy(std::exp(left)) < rows.cross_entropy(std::exp(right))) {
            high = right;
        } else {
            low = left;
        }
    }
    return std::exp((low + high) / 2);
}

}  // namespace

Calibration calibrate(std::span<float const> logits, std::span<std::int64_t const> labels,
                      std::size_t classes) {
    Rows const rows(logits, labels, classes);
    if (rows.empty()) return {};
    Calibration result{.temperature = best_temperature(rows)};
    auto const right = rows.of_right_answers(result.temperature);
    if (right.empty()) return result;
    auto const place = static_cast<std::size_t>(lost_share * static_cast<double>(right.size()));
    result.unknown_below = right[place];
    return result;
}

}  // namespace tessera::train
