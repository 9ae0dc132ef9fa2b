#pragma once

#include "cell_pool.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

#include <tessera/base/bytes.hpp>
#include <tessera/base/time.hpp>
#include <tessera/flow/flow.hpp>

namespace tessera::flow {

/// A running flow; its packets lie in a chain of blocks, each as a FlowPacket and its kept bytes.
struct LiveFlow {
    FlowKey key;
    bool low_sent_first = true;
    base::Nanoseconds first_time = 0;  ///< of the packet that opened it
    base::Nanoseconds last_time = 0;   ///< largest of its packets
    base::Nanoseconds last_clock = 0;  ///< clock when its last packet came
    CellId newer = no_cell;            ///< neighbours by last activity
    CellId older = no_cell;
    CellId first_block = no_cell;
    CellId last_block = no_cell;
    std::uint32_t hash = 0;
    std::uint32_t packets = 0;
    std::uint32_t bytes = 0;      ///< kept of all its packets
    std::uint32_t last_used = 0;  ///< bytes used in the last block

    std::uint64_t stored_bytes() const { return packets * sizeof(FlowPacket) + bytes; }
};

/// Running flows and their packets in one pool of cells, in order of last activity.
class FlowStore {
  public:
    explicit FlowStore(std::uint64_t cells) : pool_(cells) {}

    LiveFlow& operator[](CellId flow) { return pool_.at<LiveFlow>(flow); }

    /// The flow without a packet for longest, or no_cell.
    CellId oldest() const { return oldest_; }

    std::uint32_t cells() const { return pool_.cells(); }
    std::uint64_t bytes() const { return pool_.bytes(); }

    /// Whether a packet with `kept` bytes has room in this flow, or in a new one (no_cell).
    bool has_room(CellId flow, std::size_t kept);

    /// A new flow, as the one active last. Needs room for it.
    CellId open();

    /// Makes the flow the one active last.
    void touch(CellId flow);

    /// Needs room.
    void append(CellId flow, FlowPacket const& packet, base::ByteSpan kept);

    /// Copies the flow's packets and kept bytes.
    void read(CellId flow, Flow& into);

    void remove(CellId flow);

  private:
    struct Block {
        CellId next;
        std::array<std::byte, CellPool::cell_size - sizeof(CellId)> bytes;
    };
    static constexpr std::size_t block_bytes = sizeof(Block::bytes);

    void write(LiveFlow& flow, std::byte const* from, std::size_t count);
    void add_block(LiveFlow& flow);
    void link_newest(CellId flow);
    void unlink(LiveFlow const& flow);

    CellPool pool_;
    CellId oldest_ = no_cell;
    CellId newest_ = no_cell;
};

}  // namespace tessera::flow
