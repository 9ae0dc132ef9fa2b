#pragma once

#include <tessera/baseline/predictions.hpp>

namespace tessera::evaluate {

/// Predictions of packets as predictions of their flows: every packet has one vote for its class, a
/// flow's probabilities are the shares of the votes, ties go to the lower class index. Flows in
/// ascending order; a flow's label is that of its first packet.
baseline::Predictions votes(baseline::Predictions const& packets);

/// True when some flow has more than one item.
bool has_several_items_a_flow(baseline::Predictions const& predictions);

}  // namespace tessera::evaluate
