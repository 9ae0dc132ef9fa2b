#pragma once

#include <string>

namespace tessera::comm {

/// What MPI library this process runs with; callable with and without a started MPI.
struct MpiFacts {
    std::string library;   ///< head of its own description, e.g. "Open MPI v4.1.4"
    std::string standard;  ///< "3.1"
};

MpiFacts mpi_facts();

}  // namespace tessera::comm
