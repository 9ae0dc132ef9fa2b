#include "flow_index.hpp"

#include <utility>

namespace tessera::flow {

void FlowIndex::insert(std::uint32_t hash, CellId cell) {
    if (2 * (size_ + 1) > slots_.size()) grow();
    place({hash, cell});
    ++size_;
}

// Closes the gap by moving back what probed past it (Knuth, TAOCP 3, 6.4, algorithm R), so that no
// tombstones pile up however long the table runs.
void FlowIndex::erase(std::uint32_t hash, CellId cell) {
    auto gap = hash & mask();
    while (slots_[gap].cell != cell) gap = (gap + 1) & mask();
    for (auto next = (gap + 1) & mask(); slots_[next].cell != no_cell; next = (next + 1) & mask()) {
        auto const home = slots_[next].hash & mask();
        if (((next - home) & mask()) < ((next - gap) & mask())) continue;  // home after the gap
        slots_[gap] = slots_[next];
        gap = next;
    }
    slots_[gap] = {};
    --size_;
}

void FlowIndex::place(Slot slot) {
    auto at = slot.hash & mask();
    while (slots_[at].cell != no_cell) at = (at + 1) & mask();
    slots_[at] = slot;
}

void FlowIndex::grow() {
    auto const old = std::exchange(slots_, std::vector<Slot>(2 * slots_.size()));
    peak_slots_ = old.size() + slots_.size();
    for (auto const& slot : old) {
        if (slot.cell != no_cell) place(slot);
    }
}

}  // namespace tessera::flow
