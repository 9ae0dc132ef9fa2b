#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tessera::evaluate {

/// Counts of (true class, predicted class); rows are true classes.
class Confusion {
  public:
    explicit Confusion(std::size_t classes) : classes_(classes), counts_(classes * classes) {}
    Confusion(std::size_t classes, std::span<std::int32_t const> labels,
              std::span<std::int32_t const> predicted);

    void add(std::size_t label, std::size_t predicted, std::uint64_t count = 1) {
        counts_[label * classes_ + predicted] += count;
    }
    void clear() { counts_.assign(counts_.size(), 0); }

    std::size_t classes() const { return classes_; }
    std::uint64_t at(std::size_t label, std::size_t predicted) const {
        return counts_[label * classes_ + predicted];
    }
    std::vector<std::uint64_t> const& counts() const { return counts_; }  ///< [true, predicted]

    std::uint64_t total() const;
    std::uint64_t correct() const;
    std::vector<std::uint64_t> support() const;      ///< [C] items of each true class
    std::vector<std::uint64_t> predictions() const;  ///< [C] items called each class

  private:
    std::size_t classes_;
    std::vector<std::uint64_t> counts_;
};

}  // namespace tessera::evaluate
