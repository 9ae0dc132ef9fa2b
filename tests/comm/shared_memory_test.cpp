#include <cstdint>

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
    for (auto& byte : bytes.subspan(rank * each, each)) byte = static_cast<std::byte>(rank + 1);
    barrier(comm);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        ASSERT_EQ(bytes[i], static_cast<std::byte>(i / each + 1)) << i;
    }
    barrier(comm);
}

TEST(SharedMemory, OneProcessSharesWithNobody) {
    EXPECT_FALSE(SharedMemory::allocate({}, 100).has_value());
}

}  // namespace
}  // namespace tessera::comm
