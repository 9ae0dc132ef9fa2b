#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include <tessera/base/bytes.hpp>
#include <tessera/base/options.hpp>
#include <tessera/flow/flow.hpp>

namespace tessera::flow {

struct FlowConfig {
    double idle_timeout = 120;     ///< s of silence that end a flow (NFStream's default); 0: never
    double active_timeout = 1800;  ///< s after which a running flow is cut (NFStream); 0: never
    std::int64_t max_packets = 65'536;  ///< packets after which a flow is cut; 0: never
    std::int64_t memory = 256LL << 20;  ///< bytes the table may hold, packets included; >= 1 MiB
    std::uint64_t hash_seed = 0;  ///< keys the hash against floods; 0: drawn by the table itself
};

void describe(base::OptionTable& options, FlowConfig& config);

struct FlowCounts {
    std::uint64_t packets = 0;
    std::uint64_t flows = 0;  ///< closed so far
    std::array<std::uint64_t, static_cast<std::size_t>(FlowEnd::count_)> by_end{};
    std::uint64_t out_of_order = 0;  ///< packets older than their flow's latest
    std::uint64_t peak_bytes = 0;    ///< most memory the table held; never above FlowConfig::memory
};

/// Gets each closed flow. The flow is valid during the call only: its memory serves the next one.
using FlowSink = std::function<void(Flow const&)>;

class LiveFlows;

/// Packets in, closed flows out, in bounded memory and without an allocation per packet.
///
/// A flow holds the packets of one 5-tuple, both directions, in order of capture. It starts with
/// the first packet of its 5-tuple that finds no running flow, and it ends
/// - idle_timeout: when `idle_timeout` has passed since its last packet, by the clock (the largest
///   time stamp seen, or told by `advance`) or by its own time stamps; the packet that shows it
///   opens a new flow;
/// - active_timeout: at a packet `active_timeout` or more after its first one, which opens a new
///   flow;
/// - packet_limit: at the packet after `max_packets`, which opens a new flow;
/// - memory_share: at a packet that would make the flow hold more than an eighth of the memory;
///   that packet opens a new flow;
/// - evicted: when the memory is full and no other flow has been without a packet for longer;
/// - capture_end: at `finish`.
/// These are NFStream's rules and defaults ("no less than" in both time-outs); as there, FIN and
/// RST end nothing. A packet older than its flow's latest one stays where it was captured and is
/// counted. Differences of time stamps saturate, so no stamp is too strange.
///
/// The flows that come out, and their order, depend on the packets that went in and the times told
/// since the last `finish`, and on nothing else: not on the hash seed, not on addresses in memory.
class FlowTable {
  public:
    FlowTable(FlowConfig const& config, FlowSink sink);
    ~FlowTable();
    FlowTable(FlowTable&&) noexcept;
    FlowTable& operator=(FlowTable&&) noexcept;

    /// Adds a packet with the bytes to keep of it (copied; the first 65,535 of them).
    void add(packet::Packet const& packet, base::ByteSpan kept);

    /// Shows each flow once, as soon as it has `packets` packets or, with fewer, `within` seconds
    /// after its first one by the clock (0: only when it has them); it stays in the table. To be
    /// called before the first packet. To know which flows are due takes up to 130 bytes a flow
    /// above FlowConfig::memory.
    void show_at(std::uint64_t packets, FlowSink sink, double within = 0);

    /// The clock is `time` at least, packet or none: what is due by it is shown or closed.
    void advance(base::Nanoseconds time);

    /// Closes all flows, the one idle for longest first, and forgets the clock: the next packet may
    /// come from another capture.
    void finish();

    FlowCounts counts() const;

  private:
    std::unique_ptr<LiveFlows> live_;
};

}  // namespace tessera::flow
