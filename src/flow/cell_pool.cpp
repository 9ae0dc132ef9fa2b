#include "cell_pool.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>

#include <sys/mman.h>

namespace tessera::flow {

namespace {

constexpr std::uint64_t most_cells = 0xffff'ffff;
constexpr std::size_t huge_page = 2U << 20U;

// A slab is a huge page (8,192 cells) where the pool is large enough for at least 16 of them, so
// that rounding down costs little; never less than 512 cells (128 KiB).
unsigned slab_bits_for(std::uint64_t cells) {
    auto const share = std::clamp<std::uint64_t>(cells / 16, 512, huge_page / CellPool::cell_size);
    return static_cast<unsigned>(std::bit_width(share)) - 1;
}

}  // namespace

CellPool::CellPool(std::uint64_t cells) : slab_bits_(slab_bits_for(cells)) {
    auto const slabs = std::max<std::uint64_t>(std::min(cells, most_cells) >> slab_bits_, 1);
    cells_ = static_cast<CellId>(slabs << slab_bits_);
}

// Flows are spread over the whole pool, so on small pages nearly every packet would miss the TLB.
// Advice only: where huge pages are off, it works all the same.
void CellPool::add_slab() {
    auto const size = cell_size << slab_bits_;
    auto* const slab = static_cast<std::byte*>(std::aligned_alloc(size, size));
    if (slab == nullptr) throw std::bad_alloc();
    slabs_.emplace_back(slab);
    if (size == huge_page) madvise(slab, size, MADV_HUGEPAGE);
}

void CellPool::FreeSlab::operator()(std::byte* slab) const {
    std::free(slab);
}

}  // namespace tessera::flow
