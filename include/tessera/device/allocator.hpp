#pragma once

namespace tessera::device {

/// For the time before the first step: large tensors are mapped apart and given back when freed, so
/// that weights which flat buffers replace leave no holes. Call it before the first tensor.
void give_back_freed_memory();

/// For steps, of training or inference: freed memory is kept for the next one. By default large
/// tensors are mapped and unmapped anew each time; the page faults cost training on a CPU up to
/// three times the step itself, inference a twentieth.
void keep_freed_memory();

}  // namespace tessera::device
