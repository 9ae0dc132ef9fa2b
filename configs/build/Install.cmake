# What `cmake --install` and `cpack` make: one relocatable tree.
#   bin/                   the programs
#   include/, lib/         the stages without LibTorch for other projects: find_package(tessera)
#   lib/tessera/           LibTorch, laid out as the programs look for it
#   share/tessera/         job scripts and settings
#   share/man, share/bash-completion
# Components: programs and share (all that needs no LibTorch), training (programs that do, and LibTorch itself),
# development (headers, libraries, CMake package).
include(GNUInstallDirs)
set(tessera_libtorch_dir ${CMAKE_INSTALL_LIBDIR}/tessera)

# tessera_install_stage(name torch): libraries of the stages that a consumer can link without LibTorch.
function(tessera_install_stage name torch)
    if(torch)
        return()
    endif()
    set_target_properties(tessera_${name} PROPERTIES EXPORT_NAME ${name})
    install(TARGETS tessera_${name} EXPORT tesseraTargets
            ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
    install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/tessera/${name} OPTIONAL
            DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/tessera COMPONENT development)
endfunction()

# tessera_install_program(target): training programs are those that link LibTorch.
function(tessera_install_program target)
    set(component programs)
    get_target_property(stages ${target} LINK_LIBRARIES)
    foreach(stage IN LISTS stages)
        if(TARGET ${stage})
            get_target_property(real ${stage} ALIASED_TARGET)
            if(real)
                get_target_property(is_torch ${real} PRECOMPILE_HEADERS_REUSE_FROM)
                if(is_torch)
                    set(component training)
                endif()
            endif()
        endif()
    endforeach()
    # A CUDA build keeps to the LibTorch it was built with: that tree is 5 GB and has its own users.
    set(rpath "$ORIGIN/../${tessera_libtorch_dir}/torch/lib")
    if(TESSERA_CUDA)
        set(rpath ${libtorch_lib} ${cudart_root}/lib ${nccl_root}/lib)
    endif()
    set_target_properties(${target} PROPERTIES INSTALL_RPATH "${rpath}")
    install(TARGETS ${target} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT ${component})
    set_property(GLOBAL APPEND PROPERTY TESSERA_PROGRAMS_${component} ${target})
endfunction()

# LibTorch finds what it needs in turn by its own RPATH, which expects this layout.
function(tessera_install_libtorch)
    foreach(file IN ITEMS torch/lib/libtorch_cpu.so torch/lib/libc10.so torch/lib/libgomp.so.1
                          nvidia/cuda_cupti/lib/libcupti.so.12 nvidia/cuda_runtime/lib/libcudart.so.12)
        get_filename_component(folder ${file} DIRECTORY)
        install(FILES ${libtorch_root}/${file} DESTINATION ${tessera_libtorch_dir}/${folder}
                COMPONENT training)
    endforeach()
endfunction()

# Manual pages and completion come from the programs themselves, so they cannot tell another story. Sanitized
# programs, and those that want a GPU's libraries to start, are not run while they are built.
function(tessera_install_manuals component)
    if(TESSERA_SANITIZE OR (TESSERA_CUDA AND component STREQUAL training))
        return()
    endif()
    get_property(programs GLOBAL PROPERTY TESSERA_PROGRAMS_${component})
    list(REMOVE_ITEM programs tessera tessera-bench-libpcap tessera-gpu-check tessera-bench-step)
    foreach(program IN LISTS programs)
        set(page ${PROJECT_BINARY_DIR}/man/${program}.1)
        add_custom_command(OUTPUT ${page} COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/man
                           COMMAND ${program} --man > ${page} DEPENDS ${program} VERBATIM)
        list(APPEND pages ${page})
    endforeach()
    add_custom_target(tessera_manuals_${component} ALL DEPENDS ${pages})
    install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT ${component} OPTIONAL)
endfunction()

function(tessera_install_tree)
    include(CMakePackageConfigHelpers)
    set(package ${CMAKE_INSTALL_LIBDIR}/cmake/tessera)
    configure_package_config_file(${PROJECT_SOURCE_DIR}/configs/build/tesseraConfig.cmake.in
        ${PROJECT_BINARY_DIR}/tesseraConfig.cmake INSTALL_DESTINATION ${package})
    write_basic_package_version_file(${PROJECT_BINARY_DIR}/tesseraConfigVersion.cmake
        COMPATIBILITY SameMinorVersion)
    install(EXPORT tesseraTargets NAMESPACE tessera:: DESTINATION ${package} COMPONENT development)
    install(FILES ${PROJECT_BINARY_DIR}/tesseraConfig.cmake
                  ${PROJECT_BINARY_DIR}/tesseraConfigVersion.cmake
                  ${PROJECT_SOURCE_DIR}/configs/build/Libraries.cmake
            DESTINATION ${package} COMPONENT development)
    install(DIRECTORY ${PROJECT_SOURCE_DIR}/jobs DESTINATION ${CMAKE_INSTALL_DATADIR}/tessera
            USE_SOURCE_PERMISSIONS COMPONENT share PATTERN quickstart.sh EXCLUDE)
    install(DIRECTORY ${PROJECT_SOURCE_DIR}/configs DESTINATION ${CMAKE_INSTALL_DATADIR}/tessera
            COMPONENT share FILES_MATCHING PATTERN *.toml)
    install(DIRECTORY ${PROJECT_SOURCE_DIR}/src/apps/reproduce DESTINATION ${CMAKE_INSTALL_DATADIR}/tessera
            COMPONENT share FILES_MATCHING PATTERN *.py)
    install(DIRECTORY ${PROJECT_SOURCE_DIR}/datasets DESTINATION ${CMAKE_INSTALL_DATADIR}/tessera
            COMPONENT share PATTERN sample EXCLUDE)
    install(PROGRAMS ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/tessera-reproduce
            DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT share)
    install(FILES ${PROJECT_SOURCE_DIR}/configs/build/tessera.bash RENAME tessera
            DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT share)
    tessera_install_manuals(programs)
    if(TESSERA_TORCH)
        tessera_install_manuals(training)
    endif()
    if(TESSERA_TORCH AND NOT TESSERA_CUDA)
        tessera_install_libtorch()
    endif()
    include(Package)
endfunction()
