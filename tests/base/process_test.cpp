#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

#include <tessera/base/process.hpp>

namespace tessera::base {
namespace {

TEST(Process, KnowsTheMostMemoryItEverHeld) {
    auto const before = peak_resident_bytes();
    EXPECT_GT(before, std::uint64_t{1} << 20U);
    constexpr std::size_t bytes = std::size_t{64} << 20U;
    {
        std::vector<std::byte> const held(bytes, std::byte{1});
        EXPECT_EQ(held.back(), std::byte{1});
    }
    // The kernel counts pages in batches of some hundred KiB a thread.
    EXPECT_GT(peak_resident_bytes(), bytes);
}

TEST(Process, KnowsItsHost) {
    EXPECT_FALSE(host_name().empty());
}

}  // namespace
}  // namespace tessera::base
