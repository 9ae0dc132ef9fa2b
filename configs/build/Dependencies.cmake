# Everything from outside: libraries, LibTorch, what the tests use.
include(Libraries)

if(TESSERA_TORCH)
    include(LibTorch)
    if(TESSERA_CUDA)
        add_compile_definitions(TESSERA_CUDA)
        set(TESSERA_GPU_LIBRARIES libtorch::cuda nccl::nccl)
    endif()
endif()
if(TESSERA_TESTS)
    find_package(GTest REQUIRED)
    find_package(Python3 COMPONENTS Interpreter QUIET)
endif()
