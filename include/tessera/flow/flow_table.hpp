#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <tessera/base/bytes.hpp>
#include <tessera/base/options.hpp>
#include <tessera/flow/flow.hpp>

namespace tessera::flow {

struct FlowConfig {
    double idle_timeout = 120;   ///< s without a packet that end a flow (NFStream's default); 0: never
    double active_timeout = 1800;  ///< s after which a running flow is cut (NFStream); 0: never
    std::int64_t max_packets = 65'536;      ///< packets after which a flow is cut
    std::int64_t memory = 256LL << 20;      ///< bytes the table may hold, packets included
    std::uint64_t hash_seed = 0;  ///< keys the hash against floods; the result does not depend on it
};

void describe(base::OptionTable& options, FlowConfig& config);

struct FlowCounts {
    std::uint64_t flows = 0;  ///< closed so far
    std::array<std::uint64_t, static_cast<std::size_t>(FlowEnd::count_)> by_end{};
    std::uint64_t out_of_order = 0;  ///< packets older than their flow's latest
    std::uint64_t peak_bytes = 0;    ///< most memory the table held
};

/// Packets in, closed flows out. Memory is bounded by FlowConfig::memory: when it is reached, the
/// flows idle for longest are closed early and counted. The flows that come out, and their order,
/// are a pure function of the packets that went in.
class FlowTable {
  public:
    explicit FlowTable(FlowConfig const& config);
    ~FlowTable();
    FlowTable(FlowTable&&) noexcept;
    FlowTable& operator=(FlowTable&&) noexcept;

    /// Adds a packet with the bytes to keep of it (copied; at most 65,535).
    void add(packet::Packet const& packet, base::ByteSpan kept);

    /// Closes all flows (the capture is over).
    void finish();

    /// The flows closed since the last call; empty when none. Hand them back to `recycle` to reuse
    /// their memory.
    std::vector<Flow>& closed();
    void recycle();

    FlowCounts const& counts() const;

  private:
    class Table;
    std::unique_ptr<Table> table_;
};

}  // namespace tessera::flow
