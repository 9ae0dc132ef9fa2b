#include "flow_index.hpp"

#include <map>
#include <random>

#include <gtest/gtest.h>

namespace tessera::flow {
namespace {

// Random inserts, look-ups and erases beside a std::map; few hashes, so that runs of slots collide,
// wrap around the end and are closed up again.
void compare_with_map(std::uint32_t hashes, std::size_t most) {
    FlowIndex index;
    std::map<CellId, std::uint32_t> expected;  // cell -> hash
    std::mt19937 random(7);
    for (int step = 0; step < 20'000; ++step) {
        auto const cell = static_cast<CellId>(1 + random() % (2 * most));
        auto const hash = 0xffff'ff00U + cell % hashes;  // last slots first: they wrap
        auto const found = index.find(hash, [&](CellId at) { return at == cell; });
        ASSERT_EQ(found, expected.contains(cell) ? cell : no_cell);
        if (found != no_cell) {
            index.erase(hash, cell);
            expected.erase(cell);
        } else if (expected.size() < most) {
            index.insert(hash, cell);
            expected.emplace(cell, hash);
        }
        ASSERT_EQ(index.size(), expected.size());
    }
}

TEST(FlowIndex, AgreesWithAMapWhenAllHashesAreEqual) {
    compare_with_map(1, 200);
}

TEST(FlowIndex, AgreesWithAMapWhenFewHashesAreEqual) {
    compare_with_map(50, 500);
}

TEST(FlowIndex, AgreesWithAMapWhileItGrows) {
    compare_with_map(100'000, 6000);
}

TEST(FlowIndex, StaysWithinItsStatedBytesPerFlow) {
    FlowIndex index;
    for (CellId cell = 1; cell <= 100'000; ++cell) {
        index.insert(cell * 2654435761U, cell);
        if (cell < 1000) continue;
        ASSERT_LE(index.peak_bytes(), cell * FlowIndex::peak_bytes_per_flow);
    }
}

}  // namespace
}  // namespace tessera::flow
