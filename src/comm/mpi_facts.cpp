#include "mpi.hpp"

#include <array>
#include <string>

#include <fmt/format.h>

#include <tessera/comm/mpi_facts.hpp>

namespace tessera::comm {

MpiFacts mpi_facts() {
    std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
    int length = 0;
    int major = 0;
    int minor = 0;
    detail::check(MPI_Get_library_version(text.data(), &length), "MPI_Get_library_version");
    detail::check(MPI_Get_version(&major, &minor), "MPI_Get_version");
    std::string const whole = text.data();  // the length counts a closing zero in some libraries
    return {whole.substr(0, whole.find_first_of(",\n\r")), fmt::format("{}.{}", major, minor)};
}

}  // namespace tessera::comm
