#pragma once

#include <tessera/dataset/manifest.hpp>
#include <tessera/dataset/split.hpp>
#include <tessera/evaluate/report.hpp>

namespace tessera::evaluate {

/// A split with its audit as a report tells it, with a line for every class that a fold lacks.
SplitFacts split_facts(dataset::Split const& split);

PacketCounts packet_counts(dataset::Manifest const& manifest);

}  // namespace tessera::evaluate
