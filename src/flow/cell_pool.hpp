#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <vector>

namespace tessera::flow {

using CellId = std::uint32_t;
inline constexpr CellId no_cell = 0;

/// Memory for flows and their packets: equal cells, taken one by one and given back in chains. It
/// comes in slabs that are allocated when first needed and kept, so `bytes` is what the process
/// holds, not an estimate. The first word of a cell links it to the next of its chain.
class CellPool {
  public:
    static constexpr std::size_t cell_size = 256;

    /// Rounded down to whole slabs; at least one.
    explicit CellPool(std::uint64_t cells);

    std::uint32_t cells() const { return cells_; }
    std::uint32_t available() const { return cells_ - used_; }
    std::uint64_t bytes() const { return std::uint64_t{slabs_.size()} << slab_bits_ << cell_bits; }

    /// A cell; its link is no_cell. Needs `available() > 0`.
    CellId take() {
        auto const cell = free_ != no_cell ? free_ : next_fresh();
        if (cell == free_) free_ = link(cell);
        link(cell) = no_cell;
        ++used_;
        return cell;
    }

    /// Takes back the chain of `count` cells from `first` to `last`.
    void give_back(CellId first, CellId last, std::uint32_t count) {
        link(last) = free_;
        free_ = first;
        used_ -= count;
        if (used_ == 0) restart();
    }

    CellId& link(CellId cell) { return *std::launder(reinterpret_cast<CellId*>(address(cell))); }

    std::byte* address(CellId cell) {
        auto const place = cell - 1;  // 0 is no cell
        auto const within = place & ((CellId{1} << slab_bits_) - 1);
        return slabs_[place >> slab_bits_].get() + (std::size_t{within} << cell_bits);
    }

  private:
    static constexpr unsigned cell_bits = 8;
    static_assert(cell_size == 1U << cell_bits);

    struct FreeSlab {
        void operator()(std::byte* slab) const;
    };

    CellId next_fresh() {
        if (fresh_ >> slab_bits_ == slabs_.size()) add_slab();
        auto const cell = ++fresh_;
        new (address(cell)) CellId(no_cell);
        return cell;
    }

    // Cells taken in order of address are the fastest to write and to read again.
    void restart() {
        free_ = no_cell;
        fresh_ = 0;
    }

    void add_slab();

    unsigned slab_bits_;  ///< cells in a slab, as a power of two
    CellId cells_;
    CellId used_ = 0;
    CellId fresh_ = 0;  ///< cells taken since the pool was last empty
    CellId free_ = no_cell;
    std::vector<std::unique_ptr<std::byte, FreeSlab>> slabs_;
};

}  // namespace tessera::flow
