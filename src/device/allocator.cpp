#include <cstdint>
#include <cstdlib>
#include <new>

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <malloc.h>

#include <tessera/device/allocator.hpp>

namespace tessera::device {

namespace {

constexpr std::size_t alignment = 64;  // bytes: one cache line, one AVX-512 register

/// What malloc gave is kept right before the tensor.
void release(void* tensor) {
    if (tensor != nullptr) std::free(static_cast<void**>(tensor)[-1]);
}

/// malloc, aligned by hand. LibTorch calls posix_memalign, which before glibc 2.38 asks for more
/// than it gives back: where a tensor was freed none of its size fits, and the heap of a training
/// step grows by half its activations.
class AlignedHeap final : public c10::Allocator {
  public:
    c10::DataPtr allocate(std::size_t bytes) override {
        auto* const tensor = bytes == 0 ? nullptr : aligned(bytes);
        return {tensor, tensor, &release, c10::Device(c10::DeviceType::CPU)};
    }

    c10::DeleterFnPtr raw_deleter() const override { return &release; }

    void copy_data(void* to, void const* from, std::size_t bytes) const override {
        default_copy_data(to, from, bytes);
    }

  private:
    static void* aligned(std::size_t bytes) {
        auto* const raw = static_cast<std::byte*>(std::malloc(bytes + alignment));
        if (raw == nullptr) throw std::bad_alloc();
        // malloc aligns to 16 bytes, so at least as many lie before the tensor.
        auto* const tensor = raw + alignment - reinterpret_cast<std::uintptr_t>(raw) % alignment;
        reinterpret_cast<void**>(tensor)[-1] = raw;
        return tensor;
    }
};

}  // namespace

void give_back_freed_memory() {
    static AlignedHeap heap;
    c10::SetCPUAllocator(&heap);
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
}

void keep_freed_memory() {
    mallopt(M_MMAP_MAX, 0);         // all from the heap, nothing mapped apart
    mallopt(M_TRIM_THRESHOLD, -1);  // the heap never shrinks
    mallopt(M_TOP_PAD, 64 << 20);   // bytes it grows by
    mallopt(M_ARENA_MAX, 1);        // one heap: freed by one thread, found by another
}

}  // namespace tessera::device
