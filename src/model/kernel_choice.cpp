#include "kernel_choice.hpp"

#include <ATen/Context.h>

namespace tessera::model {
namespace {

thread_local bool library_alone = false;
thread_local std::optional<bool> onednn_chosen;

bool mkl_is_slow() {
#if defined(__x86_64__)
    return __builtin_cpu_is("intel") == 0;
#else
    return true;  // there is none
#endif
}

bool onednn_is_faster() {
    static bool const answer = at::hasMKLDNN() && mkl_is_slow();
    return answer;
}

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

OneDnn::OneDnn(bool on) : before_(onednn_chosen) {
    onednn_chosen = on && at::hasMKLDNN();
}

OneDnn::~OneDnn() {
    onednn_chosen = before_;
}

bool OneDnn::in_force() {
    return onednn_chosen.value_or(onednn_is_faster());
}

}  // namespace tessera::model
