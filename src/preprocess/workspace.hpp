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

/// Error(usage) unless a store can be made in this place: nothing stands there, or, with `replace`,
/// an empty folder or a token store, and nothing where it would be set aside.
void require_place(std::filesystem::path const& store, bool replace);

/// Whether a file lies in the store, or in the folder where it grows: it would go with them.
bool would_be_removed(std::filesystem::path const& store, std::filesystem::path const& file);

/// The folder `STORE.partial`, where a store grows until it is whole. It remembers finished units,
/// so that an interrupted run goes on where it was; `job` tells apart what may be taken over.
class Workspace {
  public:
    Workspace(base::FileSystem& files, std::filesystem::path const& store);

    std::filesystem::path const& path() const { return path_; }

    /// Makes the folder and locks it for this process; keeps what it holds of the same job (rank
    /// 0). Error(usage) when another process works in it, or when what it holds is not ours.
    void prepare(std::string const& job);

    /// The report of a unit that an earlier run finished and whose shard is whole.
    std::optional<dataset::UnitReport> finished(std::size_t unit);

    /// Notes units as finished, in one file: what a folder costs by the file, large clusters pay
    /// dearly. Their shards have been published.
    void record(std::span<Finished const> units);

    /// Makes the folder the store and drops the notes (rank 0), in this order: while anything can
    /// fail, an interrupted run can go on. A store that stands there gives way if `replace` says
    /// so, once this one is in its place; Error(usage) else.
    void publish(bool replace);

  private:
    void require_ours() const;
    void clear();
    void read_notes();
    void replace_store();
    void drop_notes();
    void drop(std::filesystem::path const& path);

    base::FileSystem& files_;
    std::filesystem::path store_;
    std::filesystem::path path_;
    std::optional<base::FolderLock> lock_;
    std::optional<std::map<std::size_t, std::string>> noted_;  // unit: report as text
};

}  // namespace tessera::preprocess
