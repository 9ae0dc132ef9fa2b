#pragma once

#include "cell_pool.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tessera::flow {

/// Where the running flow of a key lies: open addressing, linear probing, at most half full. It
/// knows hashes and cells only; whether a cell holds the key is for the caller to say.
class FlowIndex {
  public:
    /// The cell with this hash for which `holds_key(cell)`, or no_cell.
    template <class HoldsKey>
    CellId find(std::uint32_t hash, HoldsKey const& holds_key) const {
        for (auto slot = hash & mask(); slots_[slot].cell != no_cell; slot = (slot + 1) & mask()) {
            if (slots_[slot].hash == hash && holds_key(slots_[slot].cell)) return slots_[slot].cell;
        }
        return no_cell;
    }

    void insert(std::uint32_t hash, CellId cell);

    /// Takes out a cell that is in.
    void erase(std::uint32_t hash, CellId cell);

    std::size_t size() const { return size_; }

    /// Most memory ever held, the moment of growth included.
    std::uint64_t peak_bytes() const { return peak_slots_ * sizeof(Slot); }

    /// Bound of `peak_bytes` per flow: on doubling, 2 old and 4 new slots a flow.
    static constexpr std::size_t peak_bytes_per_flow = 48;

  private:
    struct Slot {
        std::uint32_t hash = 0;
        CellId cell = no_cell;
    };
    static constexpr std::size_t first_slots = 1024;

    std::size_t mask() const { return slots_.size() - 1; }
    void place(Slot slot);
    void grow();

    std::vector<Slot> slots_ = std::vector<Slot>(first_slots);  // size a power of two
    std::size_t size_ = 0;
    std::size_t peak_slots_ = first_slots;
};

}  // namespace tessera::flow
