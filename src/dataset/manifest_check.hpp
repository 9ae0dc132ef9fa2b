#pragma once

#include <string>

#include <tessera/base/error.hpp>
#include <tessera/dataset/manifest.hpp>

namespace tessera::dataset {

/// Checks that the numbers of a manifest fit together, as listed in datasets/FORMAT.md ("Checks of
/// a manifest"). Throws Error(code) that names `file` and the place.
void check_manifest(Manifest const& manifest, std::string const& file, base::ExitCode code);

}  // namespace tessera::dataset
