#include <tessera_build_info.hpp>

#include <tessera/base/version.hpp>

namespace tessera::base {

BuildInfo const& build_info() {
    static BuildInfo const info{TESSERA_VERSION, TESSERA_REVISION, TESSERA_COMPILER, TESSERA_FLAGS};
    return info;
}

}  // namespace tessera::base
