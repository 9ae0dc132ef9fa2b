#pragma once

#include <filesystem>
#include <string>

namespace tessera::dataset {

/// XXH3-128 of a whole file as 32 hex digits; memory stays small however long it is.
std::string file_checksum(std::filesystem::path const& path);

}  // namespace tessera::dataset
