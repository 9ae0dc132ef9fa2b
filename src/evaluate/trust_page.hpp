#pragma once

#include <tessera/evaluate/report.hpp>
#include <tessera/report/page.hpp>

namespace tessera::evaluate {

/// The sections on whether a grade can be believed and what it would be elsewhere; each is left out
/// when the report has nothing to say on it.
void add_duplicates(report::Page& page, Report const& report);
void add_companions(report::Page& page, Report const& report);

/// Accuracy against the share of items answered, and what unknown classes do to it.
report::Figure rejection_figure(Report const& report);

}  // namespace tessera::evaluate
