#pragma once

#include "byte_source.hpp"

#include <filesystem>
#include <memory>
#include <string>

#include <tessera/capture/capture_reader.hpp>

namespace tessera::capture {

struct OpenedSource {
    std::unique_ptr<ByteSource> source;
    std::string packing;  ///< "", " in gzip", " in zstd"
};

/// The bytes of a file, pipe or standard input ("-"), unpacked when they are compressed.
OpenedSource open_source(std::filesystem::path const& path, CaptureLimits const& limits);

}  // namespace tessera::capture
