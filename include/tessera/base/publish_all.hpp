#pragma once

#include <filesystem>
#include <span>

#include <tessera/base/files.hpp>

namespace tessera::base {

/// Publishes several files of one folder that are written whole beside their places (aside_of): one
/// sync of the folder for all. When it fails, those not yet published are removed.
void publish_all(FileSystem& files, std::span<std::filesystem::path const> paths);

}  // namespace tessera::base
