#pragma once

#include <filesystem>
#include <string>

#include <tessera/base/files.hpp>

namespace tessera::checkpoint {

/// Writes a file of a folder that is published later: synced, not renamed. Returns its XXH3-128.
std::string write_synced(base::FileSystem& files, std::filesystem::path const& path,
                         std::string const& text);

/// XXH3-128 of a text.
std::string checksum_of(std::string const& text);

}  // namespace tessera::checkpoint
