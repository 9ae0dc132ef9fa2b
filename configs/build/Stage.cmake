# tessera_stage(name FLOOR n [DEPENDS stage ...] [PUBLIC lib ...] [PRIVATE lib ...]
#               [TORCH [PLAIN source ...]])
#
# One pipeline stage = one library tessera::<name>, made of src/<name>/*.cpp, with its public headers
# in include/tessera/<name>/ and its tests in tests/<name>/. A stage may use only stages on lower
# floors, and only those it names (`base` is open to all); anything else stops the configuration.
# TORCH marks a stage that includes LibTorch: it shares a precompiled header and is left out with
# TESSERA_TORCH=OFF. PLAIN names sources of it that do not: loading the header costs 4 s a file. Stages
# are declared bottom to top in src/CMakeLists.txt.
function(tessera_stage name)
    cmake_parse_arguments(STAGE "TORCH" "FLOOR" "DEPENDS;PUBLIC;PRIVATE;PLAIN" ${ARGN})
    set_property(GLOBAL APPEND PROPERTY TESSERA_STAGES ${name})
    set_property(GLOBAL PROPERTY TESSERA_FLOOR_${name} ${STAGE_FLOOR})
    tessera_check_floors(${name} ${STAGE_FLOOR} ${STAGE_DEPENDS})
    if(STAGE_TORCH AND NOT TESSERA_TORCH)
        return()
    endif()

    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
    file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/tessera/${name}/*.hpp)
    if(NOT sources)
        return()
    endif()
    add_library(tessera_${name} STATIC ${sources})
    add_library(tessera::${name} ALIAS tessera_${name})
    target_include_directories(tessera_${name}
                               PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                                      $<INSTALL_INTERFACE:include>
                               PRIVATE ${PROJECT_SOURCE_DIR}/src/${name})
    foreach(lower IN LISTS STAGE_DEPENDS)
        target_link_libraries(tessera_${name} PUBLIC tessera::${lower})
    endforeach()
    if(NOT name STREQUAL base)
        target_link_libraries(tessera_${name} PUBLIC tessera::base)
    endif()
    target_link_libraries(tessera_${name} PUBLIC ${STAGE_PUBLIC}
                          PRIVATE ${STAGE_PRIVATE} $<BUILD_INTERFACE:tessera_warnings>)
    if(STAGE_TORCH)
        target_link_libraries(tessera_${name} PUBLIC libtorch::cpu)
        tessera_reuse_torch_header(tessera_${name})
        list(TRANSFORM STAGE_PLAIN REPLACE "(.+)" "${PROJECT_SOURCE_DIR}/src/${name}/\\1.cpp"
             OUTPUT_VARIABLE plain)
        foreach(source IN LISTS plain)
            if(NOT EXISTS ${source})
                message(FATAL_ERROR "stage ${name}: PLAIN names ${source}, which does not exist")
            endif()
        endforeach()
        set_source_files_properties(${plain} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
    endif()
    tessera_check_headers(${name} "${headers}" "${STAGE_TORCH}")
    tessera_install_stage(${name} "${STAGE_TORCH}")
endfunction()

# An edge to the same floor or a higher one is an error of design, found here and not at link time.
function(tessera_check_floors name floor)
    foreach(lower IN LISTS ARGN)
        get_property(lower_floor GLOBAL PROPERTY TESSERA_FLOOR_${lower})
        if("${lower_floor}" STREQUAL "")
            message(FATAL_ERROR "stage ${name} depends on ${lower}, which is not declared below it")
        elseif(NOT lower_floor LESS floor)
            message(FATAL_ERROR "stage ${name} (floor ${floor}) may not use ${lower} "
                                "(floor ${lower_floor}): includes point down")
        endif()
    endforeach()
    set_property(GLOBAL PROPERTY TESSERA_DEPENDS_${name} ${ARGN})
endfunction()

# Every public header is compiled alone once, so that none leans on what was included before it.
function(tessera_check_headers name headers torch)
    if(NOT TESSERA_TESTS OR NOT headers OR torch OR TESSERA_SANITIZE)
        return()
    endif()
    set(alone ${PROJECT_BINARY_DIR}/headers/${name}.cpp)
    set(text "")
    foreach(header IN LISTS headers)
        file(RELATIVE_PATH relative ${PROJECT_SOURCE_DIR}/include ${header})
        set(unit ${PROJECT_BINARY_DIR}/headers/${relative}.cpp)
        file(CONFIGURE OUTPUT ${unit} CONTENT "#include <${relative}>\n")
        list(APPEND units ${unit})
    endforeach()
    add_library(tessera_${name}_headers OBJECT ${units})
    target_link_libraries(tessera_${name}_headers PRIVATE tessera::${name} tessera_warnings)
endfunction()

# One precompiled header serves all stages that use LibTorch, whose headers cost about 18 s a file. Not
# <torch/torch.h>: every unit would instantiate the templates of its data loaders and layers again (7 s, not 3).
function(tessera_reuse_torch_header target)
    if(NOT TARGET tessera_torch_header)
        file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/torch_header.cpp
             CONTENT "// The precompiled LibTorch header hangs on this empty unit.\n")
        add_library(tessera_torch_header OBJECT ${PROJECT_BINARY_DIR}/torch_header.cpp)
        target_link_libraries(tessera_torch_header PRIVATE libtorch::cpu tessera_warnings)
        target_precompile_headers(tessera_torch_header PRIVATE <torch/nn/module.h> <torch/autograd.h>
                                   <torch/utils.h>)
        target_compile_options(tessera_torch_header PRIVATE
            $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
    endif()
    # The header fits only units compiled alike: same warnings, and -fPIC for programs too.
    target_compile_options(${target} PRIVATE -fPIC $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
    target_precompile_headers(${target} REUSE_FROM tessera_torch_header)
endfunction()

# tessera_test(stage [RANKS n ...] [LIBS lib ...] [TIMEOUT s]): one program tests/<stage>/*_test.cpp,
# run on each number of ranks (default: one process, no launcher).
function(tessera_test stage)
    cmake_parse_arguments(TEST "" "TIMEOUT" "RANKS;LIBS" ${ARGN})
    if(NOT TARGET tessera_${stage})
        return()
    endif()
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${stage}/*_test.cpp)
    if(NOT sources)
        return()
    endif()
    if(NOT TEST_TIMEOUT)
        set(TEST_TIMEOUT 120)
    endif()
    set(target ${stage}_tests)
    add_executable(${target} ${sources})
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src/${stage})
    target_link_libraries(${target} PRIVATE tessera::${stage} ${TEST_LIBS} tessera_warnings)
    get_target_property(is_torch tessera_${stage} PRECOMPILE_HEADERS_REUSE_FROM)
    if(is_torch)
        tessera_reuse_torch_header(${target})
    endif()
    if(NOT TEST_RANKS)
        target_link_libraries(${target} PRIVATE tessera_test_main)
        gtest_discover_tests(${target} TEST_PREFIX "${stage}." DISCOVERY_TIMEOUT 60
                             PROPERTIES TIMEOUT ${TEST_TIMEOUT} LABELS ${stage})
        return()
    endif()
    target_link_libraries(${target} PRIVATE tessera_mpi_test_main)
    foreach(ranks IN LISTS TEST_RANKS)
        set(test ${stage}.all_on_${ranks}_ranks)
        add_test(NAME ${test} COMMAND ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${ranks}
                 --oversubscribe $<TARGET_FILE:${target}>)
        set_tests_properties(${test} PROPERTIES TIMEOUT ${TEST_TIMEOUT} PROCESSORS ${ranks}
            LABELS ${stage} ENVIRONMENT
            "OMPI_MCA_mpi_yield_when_idle=1;OMPI_ALLOW_RUN_AS_ROOT=1;OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1")
    endforeach()
endfunction()

# What the doctor compares this machine with: the pinned LibTorch and the GPUs that it has code for.
function(tessera_doctor_facts target)
    file(STRINGS ${PROJECT_SOURCE_DIR}/containers/versions.env architectures
         REGEX "^LIBTORCH_GPU_ARCHITECTURES=")
    string(REGEX REPLACE "^[^=]*=|\"" "" architectures "${architectures}")
    if(NOT TESSERA_TORCH)
        set(libtorch_version "")
    endif()
    target_compile_definitions(${target} PRIVATE
        TESSERA_LIBTORCH_VERSION="${libtorch_version}" TESSERA_GPU_ARCHITECTURES="${architectures}")
endfunction()

# The revision may change without any source changing, so it is looked up at every build and its
# header rewritten only when it differs.
function(tessera_build_info target)
    set(folder ${PROJECT_BINARY_DIR}/build_info)
    set(compiler "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}")
    set(flags "${CMAKE_BUILD_TYPE} march=${TESSERA_NATIVE} sanitize=${TESSERA_SANITIZE} cuda=${TESSERA_CUDA}")
    add_custom_target(tessera_revision BYPRODUCTS ${folder}/tessera_build_info.hpp
        COMMAND ${CMAKE_COMMAND} -DSOURCE=${PROJECT_SOURCE_DIR} -DVERSION=${PROJECT_VERSION}
                -DOUTPUT=${folder}/tessera_build_info.hpp "-DCOMPILER=${compiler}" "-DFLAGS=${flags}"
                -P ${PROJECT_SOURCE_DIR}/configs/build/build_info.cmake
        COMMENT "" VERBATIM)
    add_dependencies(${target} tessera_revision)
    target_include_directories(${target} PRIVATE ${folder})
endfunction()
