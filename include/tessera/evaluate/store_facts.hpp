#pragma once

#include <tessera/dataset/manifest.hpp>
#include <tessera/dataset/split.hpp>
#include <tessera/evaluate/report.hpp>
#include <tessera/report/table.hpp>

namespace tessera::evaluate {

/// A split with its audit as a report tells it, with a line for every class that a fold lacks.
SplitFacts split_facts(dataset::Split const& split);

/// A row for each way in which flows of the store equal others.
report::Table equal_flows_table(SplitFacts const& facts);

PacketCounts packet_counts(dataset::Manifest const& manifest);

}  // namespace tessera::evaluate
