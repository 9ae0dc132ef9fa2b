#include <algorithm>
#include <iterator>
#include <numeric>
#include <set>

#include <tessera/baseline/field_grades.hpp>
#include <tessera/baseline/header_fields.hpp>

namespace tessera::baseline {

namespace {

using dataset::Fold;

/// Labelled flows of a fold with their fields.
struct FoldFields {
    std::vector<std::uint64_t> flows;
    std::vector<std::int32_t> labels;
    std::vector<FieldValues> values;  // [flow][field]
};

FoldFields fields_of(dataset::Store const& store, dataset::Split const& split,
                     std::size_t label_set, Fold fold) {
    FoldFields all;
    for (auto const index : split.flows(fold)) {
        auto const label = store.label(index, label_set);
        if (label == dataset::no_label) continue;
        all.flows.push_back(index);
        all.labels.push_back(label);
        all.values.push_back(field_values(store, store.flow(index)));
    }
    return all;
}

void count_values(FieldGrade& grade, ValueLookUp const& table, FoldFields const& test,
                  std::size_t field) {
    std::set<std::uint64_t> distinct;
    for (auto const& values : test.values) {
        if (!values[field]) continue;
        distinct.insert(*values[field]);
        grade.known_flows += table.knows(*values[field]) ? 1U : 0U;
    }
    grade.train_values = table.values();
    grade.test_values = distinct.size();
    grade.shared_values = static_cast<std::uint64_t>(std::count_if(
        distinct.begin(), distinct.end(), [&](std::uint64_t value) { return table.knows(value); }));
}

}  // namespace

void ValueLookUp::add(std::optional<std::uint64_t> value, std::int32_t label) {
    auto const place = static_cast<std::size_t>(label);
    auto& counts = value ? by_value_.try_emplace(*value, all_.size(), 0).first->second : absent_;
    ++counts[place];
    ++all_[place];
}

ValueLookUp::Counts const& ValueLookUp::counts_of(std::optional<std::uint64_t> value) const {
    if (!value) return absent_;
    auto const above = by_value_.lower_bound(*value);
    if (above != by_value_.end() && above->first == *value) return above->second;
    if (!is_counter_ || by_value_.empty()) return all_;
    if (above == by_value_.begin()) return above->second;
    auto const below = std::prev(above);
    if (above == by_value_.end()) return below->second;
    return *value - below->first <= above->first - *value ? below->second : above->second;
}

std::vector<float> ValueLookUp::shares(std::optional<std::uint64_t> value) const {
    auto const sum = [](Counts const& counts) {
        return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
    };
    auto const* counts = &counts_of(value);
    if (sum(*counts) == 0) counts = &all_;
    auto const total = static_cast<double>(std::max<std::uint64_t>(1, sum(*counts)));
    std::vector<float> result;
    for (auto const count : *counts) {
        result.push_back(static_cast<float>(static_cast<double>(count) / total));
    }
    return result;
}

std::vector<FieldGrade> field_grades(dataset::Store const& store, dataset::Split const& split,
                                     std::size_t label_set) {
    auto const train = fields_of(store, split, label_set, Fold::train);
    auto const test = fields_of(store, split, label_set, Fold::test);
    auto const& classes = store.manifest().labels.at(label_set).classes;
    std::vector<FieldGrade> grades;
    for (std::size_t field = 0; field < header_fields().size(); ++field) {
        ValueLookUp table(classes.size(), header_fields()[field].is_counter);
        for (std::size_t i = 0; i < train.flows.size(); ++i) {
            table.add(train.values[i][field], train.labels[i]);
        }
        FieldGrade grade;
        grade.name = header_fields()[field].name;
        count_values(grade, table, test, field);
        grade.predictions.classes = classes;
        for (auto const& capture : store.manifest().captures) {
            grade.predictions.captures.push_back(capture.path);
        }
        for (std::size_t i = 0; i < test.flows.size(); ++i) {
            auto const capture = static_cast<std::uint32_t>(store.flow(test.flows[i]).capture);
            grade.predictions.add(capture, test.flows[i], test.labels[i],
                                  table.shares(test.values[i][field]));
        }
        grades.push_back(std::move(grade));
    }
    return grades;
}

}  // namespace tessera::baseline
