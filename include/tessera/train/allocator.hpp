#pragma once

namespace tessera::train {

/// For the time before the first step: large tensors are mapped apart and given back when freed, so
/// that weights which flat buffers replace leave no holes. Call it before the first tensor.
void give_back_freed_memory();

/// For the steps: freed memory is kept for the next one. By default large tensors are mapped and
/// unmapped anew each time, and the page faults cost up to three times the step itself on a CPU.
void keep_freed_memory();

}  // namespace tessera::train
