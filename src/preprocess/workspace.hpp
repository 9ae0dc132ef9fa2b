#pragma once

#include "unit_notes.hpp"

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>

#include <tessera/base/files.hpp>
#include <tessera/dataset/manifest.hpp>

namespace tessera::preprocess {

/// The folder `STORE.partial`, where a store grows until it is whole. It remembers finished units,
/// so that an interrupted run goes on where it was; `job` tells apart what may be taken over.
class Workspace {
  public:
    Workspace(base::FileSystem& files, std::filesystem::path const& store);

    std::filesystem::path const& path() const { return path_; }

    /// Makes the folder and locks it for this process; keeps what it holds of the same job (rank
    /// 0). Error(usage) when another process works in it.
    void prepare(std::string const& job);

    /// The report of a unit that an earlier run finished and whose shard is whole.
    std::optional<dataset::UnitReport> finished(std::size_t unit);

    /// Notes units as finished, in one file: what a folder costs by the file, large clusters pay
    /// dearly. Their shards have been published.
    void record(std::span<Finished const> units);

    /// Drops the notes and makes the folder the store (rank 0). A store that stands there gives way
    /// if `replace` says so, once this one is in its place; Error(usage) else.
    void publish(bool replace);

  private:
    void clear();
    void read_notes();
    void replace_store();

    base::FileSystem& files_;
    std::filesystem::path store_;
    std::filesystem::path path_;
    std::optional<base::FolderLock> lock_;
    std::optional<std::map<std::size_t, std::string>> noted_;  // unit: report as text
};

}  // namespace tessera::preprocess
