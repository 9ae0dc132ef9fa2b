#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace tessera::capture {

struct CaptureFile {
    std::filesystem::path path;
    /// What labels match on and results show: the path below the folder that was given (below the
    /// fixed part of a glob, as written in a list, the file name of a file). Unique: where captures
    /// of several inputs would have one name, the name of the folder that was given (that holds the
    /// file) stands before all names of these inputs; where that is not enough, names are paths.
    std::string name;
    std::uint64_t bytes = 0;
    std::int64_t modified = 0;  ///< ns since the file clock's epoch: tells a changed file
    std::vector<CaptureFile> pieces = {};  ///< files it lies in, in order; none: in `path` alone
};

struct FoundCaptures {
    std::vector<CaptureFile> captures;  ///< by path, bytewise; each file once
    std::uint64_t skipped = 0;          ///< files in the folders that are no captures
};

/// The captures that `inputs` name. An input is a file, a folder (searched with all below it), a
/// glob, `@list` (a file of paths, one a line) or "-" for standard input. In folders a file is
/// taken when it begins like a capture, or is named like one, so that a damaged one is reported;
/// hidden files are passed over. A file that is named is always taken.
/// Error(bad_input) when an input or a folder cannot be read.
FoundCaptures find_captures(std::vector<std::string> const& inputs);

}  // namespace tessera::capture
