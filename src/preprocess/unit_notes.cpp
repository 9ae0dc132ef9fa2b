#include "unit_notes.hpp"

#include <sstream>

#include <fmt/format.h>

namespace tessera::preprocess {

std::string to_lines(std::span<Finished const> units) {
    std::string lines;
    for (auto const& [unit, report] : units) {
        lines += fmt::format("{} {}\n", unit, dataset::to_text(report));
    }
    return lines;
}

std::map<std::size_t, std::string> reports_in(std::string const& lines) {
    std::map<std::size_t, std::string> reports;
    std::istringstream rest(lines);
    std::size_t unit = 0;
    for (std::string report; rest >> unit && std::getline(rest, report);) reports[unit] = report;
    return reports;
}

}  // namespace tessera::preprocess
