#include <malloc.h>

#include <tessera/train/allocator.hpp>

namespace tessera::train {

void keep_freed_memory() {
    mallopt(M_MMAP_MAX, 0);         // all from the heap, nothing mapped apart
    mallopt(M_TRIM_THRESHOLD, -1);  // the heap never shrinks
    mallopt(M_TOP_PAD, 64 << 20);   // bytes it grows by
    mallopt(M_ARENA_MAX, 1);        // one heap: freed by one thread, found by another
}

}  // namespace tessera::train
