# LibTorch as imported targets, from the tree that containers/setup.sh unpacks:
#   libtorch::cpu   tensors and autograd on the CPU
#   libtorch::cuda  the same with the GPU part, CUDA run-time headers and library (TESSERA_CUDA=ON)
#   nccl::nccl      the very NCCL that libtorch_cuda.so loads (TESSERA_CUDA=ON)
# find_package(Torch) is not used: it wants a matching CUDA toolkit even where no GPU code is built.
# The CUDA targets need neither a GPU nor a CUDA compiler.
file(STRINGS ${PROJECT_SOURCE_DIR}/containers/versions.env libtorch_version
     REGEX "^LIBTORCH_VERSION=")
string(REPLACE "LIBTORCH_VERSION=" "" libtorch_version "${libtorch_version}")

set(TESSERA_LIBTORCH "" CACHE PATH
    "LibTorch tree (torch/ and nvidia/ as in site-packages); empty: the one containers/setup.sh makes")

# The same folder as in setup.sh; the CUDA tree holds the CPU part too.
function(tessera_find_libtorch result)
    set(cache "$ENV{XDG_CACHE_HOME}")
    if(cache STREQUAL "")
        set(cache "$ENV{HOME}/.cache")
    endif()
    if(TESSERA_LIBTORCH)
        set(tree ${TESSERA_LIBTORCH})
    elseif(TESSERA_CUDA)
        set(tree ${cache}/tessera/libtorch-${libtorch_version}-cuda)
    else()
        set(tree ${cache}/tessera/libtorch-${libtorch_version}-cpu)
    endif()
    set(${result} ${tree} PARENT_SCOPE)
endfunction()

tessera_find_libtorch(libtorch_root)
set(libtorch_lib ${libtorch_root}/torch/lib)
set(cudart_root ${libtorch_root}/nvidia/cuda_runtime)
set(cudart_includes ${cudart_root}/include ${libtorch_root}/nvidia/cuda_nvcc/include
    ${libtorch_root}/nvidia/cuda_cccl/include)
set(nccl_root ${libtorch_root}/nvidia/nccl)

set(libtorch_needed ${libtorch_root}/torch/include/torch/csrc/api/include/torch/torch.h
    ${libtorch_lib}/libtorch_cpu.so ${libtorch_lib}/libc10.so ${libtorch_lib}/libgomp.so.1)
if(TESSERA_CUDA)
    set(libtorch_option " --cuda")
    list(APPEND libtorch_needed ${libtorch_lib}/libtorch_cuda.so ${libtorch_lib}/libc10_cuda.so
         ${cudart_root}/include/cuda_runtime.h ${cudart_root}/lib/libcudart.so.12
         ${libtorch_root}/nvidia/cuda_cccl/include/nv/target
         ${nccl_root}/include/nccl.h ${nccl_root}/lib/libnccl.so.2)
endif()
foreach(file IN LISTS libtorch_needed)
    if(NOT EXISTS ${file})
        message(FATAL_ERROR "LibTorch ${libtorch_version} is not complete: ${file} is missing. Run "
            "containers/setup.sh${libtorch_option}, or name another tree by -DTESSERA_LIBTORCH=<folder>, "
            "or build only the stages without LibTorch by -DTESSERA_TORCH=OFF.")
    endif()
endforeach()

# tessera_imported(target file [include ...]): a shared library whose headers are not ours to warn about.
function(tessera_imported target file)
    add_library(${target} SHARED IMPORTED)
    set_target_properties(${target} PROPERTIES IMPORTED_LOCATION ${file}
                          INTERFACE_INCLUDE_DIRECTORIES "${ARGN}"
                          INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${ARGN}")
endfunction()

# LibTorch's headers bring a newer fmt that no library here implements: ours must be found first.
get_target_property(fmt_include fmt::fmt INTERFACE_INCLUDE_DIRECTORIES)
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/fmt_first)
file(CREATE_LINK ${fmt_include}/fmt ${PROJECT_BINARY_DIR}/fmt_first/fmt SYMBOLIC)

tessera_imported(libtorch::c10 ${libtorch_lib}/libc10.so)
tessera_imported(libtorch::gomp ${libtorch_lib}/libgomp.so.1)
tessera_imported(libtorch::cpu ${libtorch_lib}/libtorch_cpu.so
                 ${PROJECT_BINARY_DIR}/fmt_first
                 ${libtorch_root}/torch/include
                 ${libtorch_root}/torch/include/torch/csrc/api/include)
target_compile_definitions(libtorch::cpu INTERFACE _GLIBCXX_USE_CXX11_ABI=1)
target_link_libraries(libtorch::cpu INTERFACE libtorch::c10 libtorch::gomp)
# at::parallel_for is a template: compiled without OpenMP it runs on one thread, whatever LibTorch does. The
# threads are those of LibTorch's own libgomp; Clang would bring another OpenMP, and goes without.
target_compile_options(libtorch::cpu INTERFACE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fopenmp>)
# What libtorch_cpu.so itself needs; at run time it finds them by its own RPATH.
target_link_options(libtorch::cpu INTERFACE
    "LINKER:-rpath-link,${libtorch_lib}:${libtorch_root}/nvidia/cuda_cupti/lib:${cudart_root}/lib")

if(TESSERA_CUDA)
    tessera_imported(libtorch::c10_cuda ${libtorch_lib}/libc10_cuda.so)
    tessera_imported(libtorch::cudart ${cudart_root}/lib/libcudart.so.12 ${cudart_includes})
    tessera_imported(nccl::nccl ${nccl_root}/lib/libnccl.so.2 ${nccl_root}/include)
    target_link_libraries(nccl::nccl INTERFACE libtorch::cudart)

    # libtorch_cuda.so registers its kernels when it is loaded and is rarely called by name, so the
    # linker must not drop it; the cuBLAS, cuDNN, .. that it needs in turn are found only on the node
    # with the GPU.
    add_library(libtorch::cuda INTERFACE IMPORTED)
    target_link_options(libtorch::cuda INTERFACE "LINKER:--allow-shlib-undefined")
    target_link_libraries(libtorch::cuda INTERFACE libtorch::cpu libtorch::c10_cuda libtorch::cudart
        "-Wl,--push-state,--no-as-needed,${libtorch_lib}/libtorch_cuda.so,--pop-state")
endif()
