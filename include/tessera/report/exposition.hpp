#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tessera::report {

/// How a run stands, as gauges in the text format that Prometheus' node exporter reads from files
/// (exposition format 0.0.4): tessera_<metric>{run="..",split=".."} value. Names and labels are
/// made fit for it; values that are not finite are left out. `unix_seconds` is when the step was
/// recorded.
std::string exposition(std::string_view run, std::string_view split, std::int64_t step,
                       std::vector<std::pair<std::string, double>> const& metrics,
                       double unix_seconds);

}  // namespace tessera::report
