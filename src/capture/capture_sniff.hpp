#pragma once

#include <filesystem>

namespace tessera::capture {

/// True when a file of a folder is to be read as a capture: it begins like one, perhaps inside
/// gzip or zstd, or its name ends like one's, so that an empty or damaged capture is not passed
/// over in silence. False for pipes, devices and dangling links.
bool looks_like_capture(std::filesystem::path const& path);

}  // namespace tessera::capture
