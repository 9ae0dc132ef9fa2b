#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <tessera/baseline/predictions.hpp>
#include <tessera/dataset/split.hpp>
#include <tessera/dataset/store.hpp>

namespace tessera::baseline {

/// Labels that a value had in training. A counter that was never seen takes those of the nearest
/// value; what was never seen otherwise, the shares of all labels. Absent is a value too.
class ValueLookUp {
  public:
    ValueLookUp(std::size_t classes, bool is_counter)
        : is_counter_(is_counter), all_(classes), absent_(classes) {}

    void add(std::optional<std::uint64_t> value, std::int32_t label);
    std::vector<float> shares(std::optional<std::uint64_t> value) const;  ///< [C]
    bool knows(std::uint64_t value) const { return by_value_.contains(value); }
    std::size_t values() const { return by_value_.size(); }

  private:
    using Counts = std::vector<std::uint64_t>;  // [C]

    Counts const& counts_of(std::optional<std::uint64_t> value) const;

    bool is_counter_;
    Counts all_;
    Counts absent_;
    std::map<std::uint64_t, Counts> by_value_;
};

/// What one header field alone says about the test fold, and how much of it stands on both sides.
struct FieldGrade {
    std::string name;
    std::uint64_t train_values = 0;   ///< distinct
    std::uint64_t test_values = 0;    ///< distinct
    std::uint64_t shared_values = 0;  ///< distinct, in both
    std::uint64_t known_flows = 0;    ///< test flows whose value stands in training
    Predictions predictions;          ///< of the labelled test flows
};

/// One grade a field, in the order of `header_fields`, by look-up on the train fold.
std::vector<FieldGrade> field_grades(dataset::Store const& store, dataset::Split const& split,
                                     std::size_t label_set);

}  // namespace tessera::baseline
