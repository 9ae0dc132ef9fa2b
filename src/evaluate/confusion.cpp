#include <numeric>

#include <tessera/evaluate/confusion.hpp>

namespace tessera::evaluate {

Confusion::Confusion(std::size_t classes, std::span<std::int32_t const> labels,
                     std::span<std::int32_t const> predicted)
    : Confusion(classes) {
    for (std::size_t i = 0; i < labels.size(); ++i) {
        add(static_cast<std::size_t>(labels[i]), static_cast<std::size_t>(predicted[i]));
    }
}

std::uint64_t Confusion::total() const {
    return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

std::uint64_t Confusion::correct() const {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < classes_; ++i) sum += at(i, i);
    return sum;
}

std::vector<std::uint64_t> Confusion::support() const {
    std::vector<std::uint64_t> sums(classes_);
    for (std::size_t i = 0; i < counts_.size(); ++i) sums[i / classes_] += counts_[i];
    return sums;
}

std::vector<std::uint64_t> Confusion::predictions() const {
    std::vector<std::uint64_t> sums(classes_);
    for (std::size_t i = 0; i < counts_.size(); ++i) sums[i % classes_] += counts_[i];
    return sums;
}

}  // namespace tessera::evaluate
