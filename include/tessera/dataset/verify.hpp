#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace tessera::dataset {

/// Something wrong with a store.
struct Finding {
    std::string file;  ///< below the store
    std::string what;
};

/// Compares every checksum, type, shape, place, offset and count of a store, its index and its
/// splits with what FORMAT.md and the manifest say. Empty: all is well. HDF5 opens a file only when
/// its checksum is right.
std::vector<Finding> verify_store(std::filesystem::path const& store);

}  // namespace tessera::dataset
