#pragma once

namespace tessera::train {

/// Tells glibc to keep freed memory for the next step. By default large tensors are mapped and
/// unmapped anew each time, and the page faults cost up to three times the step itself on a CPU.
/// Call it once, before the first tensor.
void keep_freed_memory();

}  // namespace tessera::train
