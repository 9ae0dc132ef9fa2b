#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <tessera/dataset/store.hpp>

namespace tessera::baseline {

/// What a learned control knows of a flow. The first `plain` columns say nothing about who speaks
/// to whom; addresses and ports follow.
struct FeatureColumns {
    std::vector<std::string> names;  ///< [width]
    std::size_t plain = 0;

    std::size_t width() const { return names.size(); }
};

/// Columns for the first `packets` packets of a flow: sums and moments of sizes and payloads by
/// direction, of the time between packets, TCP flags; then, packet by packet, signed wire size and
/// signed payload (negative from the responder), time since the one before, flags; then the bytes
/// of both addresses and both ports. Sizes in bytes, times in s, flags as in the header.
FeatureColumns feature_columns(std::size_t packets);

/// The values of one flow, in the order of `feature_columns`. [width]
std::vector<float> flow_features(dataset::Store const& store, dataset::FlowView const& flow,
                                 std::size_t packets);

}  // namespace tessera::baseline
