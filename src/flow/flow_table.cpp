#include "live_flows.hpp"

#include <utility>

#include <tessera/flow/flow_table.hpp>

namespace tessera::flow {

void describe(base::OptionTable& options, FlowConfig& config) {
    options.section("flow")
        .add("idle_timeout", config.idle_timeout,
             "seconds of silence that end a flow (NFStream's default: 120); 0: never")
        .add("active_timeout", config.active_timeout,
             "seconds after which a running flow is cut (NFStream's default: 1800); 0: never")
        .add("max_flow_packets", config.max_packets,
             "packets after which a flow is cut; 0: no limit but an eighth of the flow memory "
             "(flows cut there are counted as memory_share)")
        .add("hash_seed", config.hash_seed,
             "keys the hash of the flow table, never its result; 0: drawn at random");
}

FlowTable::FlowTable(FlowConfig const& config, FlowSink sink)
    : live_(std::make_unique<LiveFlows>(config, std::move(sink))) {}
FlowTable::~FlowTable() = default;
FlowTable::FlowTable(FlowTable&&) noexcept = default;
FlowTable& FlowTable::operator=(FlowTable&&) noexcept = default;

void FlowTable::add(packet::Packet const& packet, base::ByteSpan kept) {
    live_->add(packet, kept);
}

void FlowTable::show_at(std::uint64_t packets, FlowSink sink, double within) {
    live_->show_at(packets, std::move(sink), within);
}

void FlowTable::advance(base::Nanoseconds time) {
    live_->advance(time);
}

void FlowTable::finish() {
    live_->finish();
}

FlowCounts FlowTable::counts() const {
    return live_->counts();
}

}  // namespace tessera::flow
