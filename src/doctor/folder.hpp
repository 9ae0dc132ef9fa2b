#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include <tessera/doctor/finding.hpp>

namespace tessera::doctor {

struct FolderFacts {
    std::filesystem::path path;  ///< the folder, or the nearest one above it that exists
    std::string write_error;  ///< why no file can be made, synced and renamed there; empty: it can
    std::string lock_error;   ///< why a file cannot be locked; empty: it can
    bool hdf5_locks = true;   ///< HDF5 would try to (HDF5_USE_FILE_LOCKING)
    std::uint64_t free_bytes = 0;
    std::uint64_t free_files = 0;
    bool counts_files = true;  ///< some file systems have no fixed number of files
};

/// Writes, syncs, renames, locks and removes a small file there, of `rank` alone.
FolderFacts folder_facts(std::filesystem::path const& folder, int rank);

/// The name of that file. All ranks of a job, and other jobs, may look at one shared folder at
/// once, and processes of several nodes may have the same number.
std::string probe_name(std::string_view host, int rank, int process);
Findings judge_folder(FolderFacts const& facts, std::uint64_t need_bytes);

}  // namespace tessera::doctor
