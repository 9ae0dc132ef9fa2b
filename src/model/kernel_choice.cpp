#include "kernel_choice.hpp"

namespace tessera::model {
namespace {

thread_local bool library_alone = false;

}  // namespace

LibraryKernels::LibraryKernels(bool on) : before_(library_alone) {
    library_alone = library_alone || on;
}

LibraryKernels::~LibraryKernels() {
    library_alone = before_;
}

bool LibraryKernels::in_force() {
    return library_alone;
}

}  // namespace tessera::model
