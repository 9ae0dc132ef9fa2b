#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include <c10/core/CPUAllocator.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <torch/types.h>

#include <tessera/device/allocator.hpp>

namespace tessera::device {
namespace {

struct Freed {
    void operator()(void* block) const { std::free(block); }
};
using SmallBlock = std::unique_ptr<void, Freed>;

torch::Tensor floats(std::int64_t count) {
    return torch::empty({count}, torch::kFloat);
}

TEST(Allocator, AlignsTensorsOfEverySize) {
    give_back_freed_memory();
    for (std::int64_t count = 1; count < 100'000; count = count * 2 + 1) {
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(floats(count).data_ptr()) % 64, 0U) << count;
    }
    EXPECT_EQ(floats(0).data_ptr(), nullptr);
}

// By posix_memalign of glibc before 2.38 the places would be too small for what lay there before:
// small blocks move into what is left over around them.
TEST(Allocator, PlacesOfFreedTensorsHoldOthersOfTheirSize) {
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "AddressSanitizer has a heap of its own";
#endif
    constexpr std::int64_t count = 4 << 20;  // 16 MiB, never touched
    give_back_freed_memory();
    keep_freed_memory();
    std::vector<torch::Tensor> tensors;
    for (int i = 0; i < 40; ++i) tensors.push_back(floats(count));
    for (std::size_t i = 0; i < tensors.size(); i += 2) tensors[i].reset();
    std::vector<SmallBlock> small;
    for (int i = 0; i < 400; ++i) small.emplace_back(std::malloc(48));
    auto const before = mallinfo2().arena;
    for (std::size_t i = 0; i < tensors.size(); i += 2) tensors[i] = floats(count);
    // One tensor's place at most has gone to the small blocks: the heap grows by it and the 64 MiB
    // that it asks for in advance. With LibTorch's allocator: four times.
    EXPECT_LE(mallinfo2().arena - before, (64U << 20U) + (16U << 20U));
}

TEST(Allocator, LibrariesThatWantNoTensorsGetMemoryToo) {
    give_back_freed_memory();
    auto* const allocator = c10::GetCPUAllocator();
    auto* const memory = allocator->raw_allocate(1000);
    ASSERT_NE(memory, nullptr);
    allocator->raw_deallocate(memory);
}

}  // namespace
}  // namespace tessera::device
