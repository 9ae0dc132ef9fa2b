# External libraries of the stages without LibTorch, each under one target name, found once. Installed beside
# the package's own CMake file, so that a consumer finds what the build found.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(tomlplusplus QUIET)
find_package(CLI11 REQUIRED)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
find_package(ZLIB REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_library(PCAP_LIBRARY pcap REQUIRED)
find_path(PCAP_INCLUDE_DIR pcap/pcap.h REQUIRED)
add_library(pcap::pcap UNKNOWN IMPORTED)
set_target_properties(pcap::pcap PROPERTIES IMPORTED_LOCATION ${PCAP_LIBRARY}
                      INTERFACE_INCLUDE_DIRECTORIES ${PCAP_INCLUDE_DIR})

find_package(MPI REQUIRED COMPONENTS C)
# The C++ bindings of MPI are dead and break the link; keep mpi.h from declaring them.
target_compile_definitions(MPI::MPI_C INTERFACE OMPI_SKIP_MPICXX MPICH_SKIP_MPICXX)

set(HDF5_PREFER_PARALLEL ON)
find_package(HDF5 REQUIRED COMPONENTS C)
add_library(hdf5::hdf5_c INTERFACE IMPORTED)
target_include_directories(hdf5::hdf5_c SYSTEM INTERFACE ${HDF5_C_INCLUDE_DIRS})
target_link_libraries(hdf5::hdf5_c INTERFACE ${HDF5_C_LIBRARIES} MPI::MPI_C)

# Ubuntu has no package of XGBoost: without it two controls are left out of the grades.
pkg_check_modules(xgboost QUIET IMPORTED_TARGET xgboost)
if(xgboost_FOUND)
    add_library(tessera_xgboost INTERFACE IMPORTED)
    target_link_libraries(tessera_xgboost INTERFACE PkgConfig::xgboost)
    target_compile_definitions(tessera_xgboost INTERFACE TESSERA_XGBOOST)
    set(TESSERA_XGBOOST_LIBRARY tessera_xgboost)
else()
    message(STATUS "XGBoost not found: grades go without random forest and boosted trees "
                   "(libxgboost-dev, where the distribution has it)")
endif()
