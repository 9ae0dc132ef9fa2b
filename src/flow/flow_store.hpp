#pragma once

#include "cell_pool.hpp"
#include "packed_key.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>

#include <tessera/base/bytes.hpp>
#include <tessera/base/time.hpp>
#include <tessera/flow/flow.hpp>

namespace tessera::flow {

/// A running flow. It stands at the start of a cell; its packets follow, each as a FlowPacket and
/// its kept bytes, to the end of the cell and on through the chain of cells linked to it.
struct LiveFlow {
    CellId next_cell = no_cell;  ///< the link of its cell
    CellId last_cell = no_cell;
    std::uint32_t cells = 1;
    std::uint32_t last_used = 0;  ///< bytes used of the last cell
    PackedKey key;
    base::Nanoseconds first_time = 0;  ///< of the packet that opened it
    base::Nanoseconds last_time = 0;   ///< largest of its packets
    base::Nanoseconds last_clock = 0;  ///< clock when its last packet came
    CellId newer = no_cell;            ///< neighbours by last activity
    CellId older = no_cell;
    std::uint32_t hash = 0;
    std::uint32_t packets = 0;
    std::uint32_t bytes = 0;  ///< kept of all its packets
    bool low_sent_first = true;
    bool shown = false;  ///< before it ended

    std::uint64_t stored_bytes() const { return packets * sizeof(FlowPacket) + bytes; }
};

static_assert(std::is_trivially_destructible_v<LiveFlow> && offsetof(LiveFlow, next_cell) == 0);

/// Running flows and their packets in one pool of cells, in order of last activity.
class FlowStore {
  public:
    explicit FlowStore(std::uint64_t cells) : pool_(cells) {}

    LiveFlow& operator[](CellId flow) {
        return *std::launder(reinterpret_cast<LiveFlow*>(pool_.address(flow)));
    }

    /// The flow without a packet for longest, or no_cell.
    CellId oldest() const { return oldest_; }

    /// Memory for cells: the most it may take, and what it holds.
    std::uint64_t most_bytes() const { return std::uint64_t{pool_.cells()} * CellPool::cell_size; }
    std::uint64_t bytes() const { return pool_.bytes(); }

    /// Whether a packet with `kept` bytes has room in this flow, or in a new one (no_cell).
    bool has_room(CellId flow, std::size_t kept);

    /// A new flow, as the one active last. Needs room for it.
    CellId open();

    /// Makes the flow the one active last.
    void touch(CellId flow);

    /// Needs room.
    void append(LiveFlow& flow, FlowPacket const& packet, base::ByteSpan kept);

    /// Copies the flow's packets and kept bytes.
    void copy(CellId flow, Flow& into);

    /// The same, and lets go of it.
    void take_out(CellId flow, Flow& into);

  private:
    static constexpr std::size_t block_bytes = CellPool::cell_size - sizeof(CellId);

    void write(LiveFlow& flow, std::byte const* from, std::size_t count);
    void add_cell(LiveFlow& flow);
    void link_newest(CellId flow);
    void unlink(LiveFlow const& flow);

    CellPool pool_;
    CellId oldest_ = no_cell;
    CellId newest_ = no_cell;
};

}  // namespace tessera::flow
