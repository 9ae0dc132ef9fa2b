#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <vector>

namespace tessera::flow {

using CellId = std::uint32_t;
inline constexpr CellId no_cell = 0;

/// Memory for flows and their packets: equal cells, taken and given back in any order. Slabs are
/// allocated when first needed and kept, so `bytes` is what the process holds, not an estimate.
class CellPool {
  public:
    static constexpr std::size_t cell_size = 128;
    static constexpr CellId slab_cells = 2048;  // 256 KiB

    /// Rounded down to whole slabs; at least one.
    explicit CellPool(std::uint64_t cells)
        : cells_(static_cast<CellId>(std::clamp<std::uint64_t>(cells / slab_cells, 1, max_slabs)) *
                 slab_cells) {}

    std::uint32_t cells() const { return cells_; }
    std::uint32_t available() const { return cells_ - used_; }
    std::uint64_t bytes() const { return slabs_.size() * sizeof(Slab); }

    /// A new T in a cell of its own. Needs `available() > 0`.
    template <class T>
    CellId take() {
        static_assert(sizeof(T) <= cell_size && alignof(T) <= alignof(Cell));
        static_assert(std::is_trivially_destructible_v<T>);
        auto const cell = free_ != no_cell ? pop_free() : next_fresh();
        ++used_;
        new (address(cell)) T;
        return cell;
    }

    void give_back(CellId cell) {
        new (address(cell)) CellId(free_);
        free_ = cell;
        --used_;
    }

    template <class T>
    T& at(CellId cell) {
        return *std::launder(reinterpret_cast<T*>(address(cell)));
    }

  private:
    struct alignas(64) Cell {
        std::array<std::byte, cell_size> bytes;
    };
    using Slab = std::array<Cell, slab_cells>;
    static constexpr std::uint64_t max_slabs = 0xffff'ffffULL / slab_cells;

    std::byte* address(CellId cell) {
        auto const place = cell - 1;  // 0 is no cell
        return (*slabs_[place / slab_cells])[place % slab_cells].bytes.data();
    }

    CellId pop_free() {
        auto const cell = free_;
        free_ = at<CellId>(cell);
        return cell;
    }

    CellId next_fresh() {
        if (fresh_ == slabs_.size() * slab_cells) {
            slabs_.push_back(std::make_unique_for_overwrite<Slab>());
        }
        return ++fresh_;
    }

    CellId cells_;
    CellId used_ = 0;
    CellId fresh_ = 0;  ///< cells ever taken
    CellId free_ = no_cell;
    std::vector<std::unique_ptr<Slab>> slabs_;
};

}  // namespace tessera::flow
