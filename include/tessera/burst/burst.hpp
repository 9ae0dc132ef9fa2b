#pragma once

#include <cstdint>
#include <vector>

#include <tessera/base/options.hpp>
#include <tessera/flow/flow.hpp>

namespace tessera::burst {

/// Consecutive packets of one direction within a flow (ET-BERT, WWW'22, 3.1).
struct Burst {
    flow::Direction direction = flow::Direction::forward;
    std::uint32_t first_packet = 0;  ///< index into Flow::packets
    std::uint32_t packets = 0;

    bool operator==(Burst const&) const = default;
};

struct BurstLimits {
    std::int64_t max_packets = 0;  ///< a longer burst is cut; 0: no limit
    double max_gap = 0;  ///< s of silence that end a burst; 0: only a turn of direction does
};

void describe(base::OptionTable& options, BurstLimits& limits);

/// The bursts of a flow in order; together they hold each packet once. Two neighbours differ in
/// direction, unless a limit parted them. Error(usage) for limits without sense.
std::vector<Burst> split_bursts(flow::Flow const& flow, BurstLimits const& limits);

}  // namespace tessera::burst
