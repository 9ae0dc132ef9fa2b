#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>

#include <tessera/base/files.hpp>

namespace tessera::base {

/// Publishes several files of one folder that are written whole beside their places (aside_of): one
/// sync of the folder for all. When it fails, those not yet published are removed.
void publish_all(FileSystem& files, std::span<std::filesystem::path const> paths);

/// The same for texts, by path.
void publish_all(FileSystem& files, std::map<std::filesystem::path, std::string> const& texts);

}  // namespace tessera::base
