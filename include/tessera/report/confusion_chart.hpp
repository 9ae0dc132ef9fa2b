#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tessera::report {

/// Counts of (true class, predicted class).
struct ConfusionChart {
    std::string title;
    std::vector<std::string> classes;   ///< C names
    std::vector<std::uint64_t> counts;  ///< [true, predicted], C x C
};

/// A complete SVG document. A cell's shade and percentage are its share of the row (of the items of
/// that true class), the number below is the raw count; empty cells stay blank. With more than 30
/// classes the cells carry shade and hint only.
std::string to_svg(ConfusionChart const& chart);

}  // namespace tessera::report
