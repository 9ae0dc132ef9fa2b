#pragma once

#include <filesystem>
#include <vector>

#include <tessera/dataset/verify.hpp>

namespace tessera::apps {

/// True for the folder of a run or a bundle.
bool is_trained(std::filesystem::path const& folder);

/// What is damaged or missing in a bundle, or in any checkpoint and the bundle of a run. Names are
/// below the folder. Empty: all is well.
std::vector<dataset::Finding> verify_trained(std::filesystem::path const& folder);

}  // namespace tessera::apps
