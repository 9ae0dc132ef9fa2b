#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tessera::report {

/// One line of a run's metrics.jsonl.
struct MetricRow {
    std::int64_t step = 0;
    std::string split;  ///< "train" or "valid"
    std::map<std::string, double, std::less<>> values;

    std::optional<double> value(std::string_view name) const;
};

/// The rows of a metrics.jsonl, in file order; null values are left out, a last line that a crash
/// cut short is ignored. Any other bad line throws Error(bad_input) with its number.
std::vector<MetricRow> read_metrics(std::string_view json_lines);

}  // namespace tessera::report
