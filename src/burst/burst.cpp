#include <limits>

#include <tessera/base/error.hpp>
#include <tessera/burst/burst.hpp>
#include <tessera/flow/elapsed.hpp>

namespace tessera::burst {

namespace {

void check(BurstLimits const& limits) {
    base::validate(limits.max_packets >= 0, base::ExitCode::usage,
                   "burst.max_burst_packets is {}: give a number from 0 (no limit) on",
                   limits.max_packets);
    base::validate(flow::Timeout::valid(limits.max_gap), base::ExitCode::usage,
                   "burst.max_burst_gap is {} s: give a number of seconds from 0 (no limit) on",
                   limits.max_gap);
}

}  // namespace

void describe(base::OptionTable& options, BurstLimits& limits) {
    options.section("burst")
        .add("max_burst_packets", limits.max_packets,
             "packets after which a burst is cut; 0: no limit")
        .add("max_burst_gap", limits.max_gap,
             "seconds of silence that end a burst; 0: only a turn of direction does");
}

std::vector<Burst> split_bursts(flow::Flow const& flow, BurstLimits const& limits) {
    check(limits);
    flow::Timeout const silence(limits.max_gap);
    auto const most = limits.max_packets > 0 ? static_cast<std::uint64_t>(limits.max_packets)
                                             : std::numeric_limits<std::uint64_t>::max();
    auto const& packets = flow.packets;
    std::vector<Burst> bursts;
    for (std::size_t i = 0; i < packets.size(); ++i) {
        bool const continues = i > 0 && packets[i].direction == bursts.back().direction &&
                               bursts.back().packets < most &&
                               !silence.reached(packets[i - 1].time, packets[i].time);
        if (!continues) bursts.push_back({packets[i].direction, static_cast<std::uint32_t>(i), 0});
        ++bursts.back().packets;
    }
    return bursts;
}

}  // namespace tessera::burst
