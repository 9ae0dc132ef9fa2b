#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include <tessera/comm/shared_memory.hpp>

namespace tessera::comm {
namespace {

// The tests' ranks are on one node.
TEST(SharedMemory, EveryRankSeesWhatTheOthersWrote) {
    auto const comm = Communicator::world();
    constexpr std::size_t each = 100'000;
    auto const ranks = static_cast<std::size_t>(comm.size());
    auto memory = SharedMemory::allocate(comm, ranks * each);
    ASSERT_EQ(memory.has_value(), comm.size() > 1);
    if (!memory) return;
    auto const bytes = memory->bytes();
    ASSERT_EQ(bytes.size(), ranks * each);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(bytes.data()) % 64, 0U);
    auto const rank = static_cast<std::size_t>(comm.rank());
    memory->reserve(rank * each, each);
    EXPECT_TRUE(std::ranges::all_of(bytes.subspan(rank * each, each),
                                    [](std::byte byte) { return byte == std::byte{0}; }));
    barrier(comm);  // pages are shared by neighbours
    for (auto& byte : bytes.subspan(rank * each, each)) byte = static_cast<std::byte>(rank + 1);
    barrier(comm);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        ASSERT_EQ(bytes[i], static_cast<std::byte>(i / each + 1)) << i;
    }
    barrier(comm);
}

// More than any node has: none on all ranks, at once.
TEST(SharedMemory, WhereThereIsTooLittleThereIsNone) {
    EXPECT_FALSE(SharedMemory::allocate(Communicator::world(), std::size_t{1} << 45U).has_value());
}

TEST(SharedMemory, LeavesNoName) {
    auto const comm = Communicator::world();
    auto const memory = SharedMemory::allocate(comm, 4096);
    barrier(comm);
    std::ifstream maps("/proc/self/maps");
    int ours = 0;
    for (std::string line; std::getline(maps, line);) {
        if (line.find("/tessera-") == std::string::npos) continue;
        EXPECT_TRUE(line.ends_with("(deleted)")) << line;
        ++ours;
    }
    EXPECT_EQ(ours, memory ? 1 : 0);
}

TEST(SharedMemory, OneProcessSharesWithNobody) {
    EXPECT_FALSE(SharedMemory::allocate({}, 100).has_value());
}

}  // namespace
}  // namespace tessera::comm
