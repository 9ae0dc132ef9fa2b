#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <utility>

#include <tessera/dataset/manifest.hpp>

namespace tessera::preprocess {

/// A unit that is done.
using Finished = std::pair<std::size_t, dataset::UnitReport>;

/// Finished units as text, for notes and for other ranks: a line for each, its number, a space, its
/// report.
std::string to_lines(std::span<Finished const> units);

/// The reports in such a text, as text, by unit.
std::map<std::size_t, std::string> reports_in(std::string const& lines);

}  // namespace tessera::preprocess
