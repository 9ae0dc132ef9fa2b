#pragma once

#include <string>

namespace tessera::base {

/// What this program was built from; the same block goes into every artefact.
struct BuildInfo {
    std::string version;   ///< semantic version of the project
    std::string revision;  ///< git commit, "-dirty" appended when the tree was changed
    std::string compiler;
    std::string flags;  ///< build type and options
};

BuildInfo const& build_info();

}  // namespace tessera::base
