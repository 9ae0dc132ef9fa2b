#pragma once

#include <string>

namespace tessera::hdf5 {

/// What HDF5 library this process runs with.
struct Hdf5Facts {
    std::string version;     ///< of the library that was loaded
    std::string built_with;  ///< of the headers that this program was compiled with
    bool parallel = false;   ///< made for MPI
};

Hdf5Facts hdf5_facts();

}  // namespace tessera::hdf5
