#include "call.hpp"

#include <fmt/format.h>
#include <hdf5.h>

#include <tessera/hdf5/facts.hpp>

namespace tessera::hdf5 {

Hdf5Facts hdf5_facts() {
    unsigned major = 0;
    unsigned minor = 0;
    unsigned release = 0;
    H5get_libversion(&major, &minor, &release);
#ifdef H5_HAVE_PARALLEL
    bool constexpr parallel = true;
#else
    bool constexpr parallel = false;
#endif
    return {fmt::format("{}.{}.{}", major, minor, release),
            fmt::format("{}.{}.{}", H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE), parallel};
}

}  // namespace tessera::hdf5
