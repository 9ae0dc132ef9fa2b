#pragma once

#include "due_flows.hpp"
#include "flow_index.hpp"
#include "flow_store.hpp"
#include "packed_key.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

#include <tessera/flow/elapsed.hpp>
#include <tessera/flow/flow_table.hpp>

namespace tessera::flow {

/// The rules of FlowTable over the store and the index. The hash can be another one, so that tests
/// can make keys collide.
class LiveFlows {
  public:
    using Hash = std::uint64_t (*)(PackedKey const&, std::uint64_t seed) noexcept;

    LiveFlows(FlowConfig const& config, FlowSink sink, Hash hash = flow::hash);

    void add(packet::Packet const& packet, base::ByteSpan kept);
    void show_at(std::uint64_t packets, FlowSink sink, double within);
    void advance(base::Nanoseconds time);
    void finish();
    FlowCounts counts() const;

  private:
    void advance_clock(base::Nanoseconds time);
    std::optional<FlowEnd> ends_before(LiveFlow const& flow, packet::Packet const& packet,
                                       std::size_t kept) const;
    CellId find(PackedKey const& key, std::uint32_t hash);
    CellId make_room(CellId flow, std::size_t kept);
    CellId open(PackedKey const& key, std::uint32_t hash, bool from_low, base::Nanoseconds time);
    void append(LiveFlow& flow, packet::Packet const& packet, bool from_low, base::ByteSpan kept);
    void show(CellId flow);
    CellId waiting(DueFlow const& due);
    void show_due();
    void describe(LiveFlow const& live, FlowEnd end);
    void close(CellId flow, FlowEnd end);

    Timeout idle_timeout_;
    Timeout active_timeout_;
    std::uint64_t max_packets_;
    std::uint64_t seed_;
    FlowSink sink_;
    std::uint64_t shown_at_ = 0;  ///< packets; 0: flows are not shown
    FlowSink shown_;
    std::optional<DueFlows> due_;  ///< where flows are shown after some time, too
    Hash hash_;
    FlowStore store_;
    std::uint64_t max_flow_bytes_;
    FlowIndex index_;
    std::optional<base::Nanoseconds> clock_;  ///< largest time stamp since the last finish
    Flow closed_;                             ///< the flow the sink gets; reused
    FlowCounts counts_;
};

}  // namespace tessera::flow
