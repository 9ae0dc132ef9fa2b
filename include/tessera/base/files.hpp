#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <tessera/base/bytes.hpp>

namespace tessera::base {

/// A file being written; every call throws Error(environment) that names the path, the reason and
/// the bytes that were needed.
class OutputFile {
  public:
    virtual ~OutputFile() = default;
    virtual void write(ByteSpan bytes) = 0;
    virtual void sync() = 0;   ///< fsync: the bytes are on the device
    virtual void close() = 0;  ///< reports late errors; the destructor swallows them
};

/// The one door to the disk for everything we publish; tests pass one that fails on purpose.
class FileSystem {
  public:
    virtual ~FileSystem() = default;
    virtual std::unique_ptr<OutputFile> create(std::filesystem::path const& path) = 0;
    virtual void sync_file(std::filesystem::path const& path) = 0;  ///< for files a library wrote
    virtual void rename(std::filesystem::path const& from, std::filesystem::path const& to) = 0;
    virtual void sync_folder(std::filesystem::path const& folder) = 0;
    virtual void remove(std::filesystem::path const& path) = 0;  ///< absent is fine; a folder whole
};

FileSystem& local_files();

/// Where `publish` has a file written before it gets its name.
std::filesystem::path aside_of(std::filesystem::path const& path);

/// Publishes `text` under `path`, whole or not at all: written beside it, synced, renamed, folder
/// synced. A reader never sees half of it, also after a crash.
void publish(FileSystem& files, std::filesystem::path const& path, std::string_view text);

/// The same for a file that `write` makes under the temporary path it is given.
void publish(FileSystem& files, std::filesystem::path const& path,
             std::function<void(std::filesystem::path const&)> const& write);

/// Publishes a folder that lies complete at `from` as `to` (same file system; `to` is absent).
void publish_folder(FileSystem& files, std::filesystem::path const& from,
                    std::filesystem::path const& to);

/// The whole file as text; Error(bad_input) when it is absent, unreadable or above `limit` bytes.
std::string read_text(std::filesystem::path const& path, std::size_t limit = 256U << 20U);

/// One writer a folder: holds `folder/.lock` while it lives. Throws Error(usage) that names the
/// host and process id of the holder when somebody else has it.
class FolderLock {
  public:
    explicit FolderLock(std::filesystem::path const& folder);
    ~FolderLock();
    FolderLock(FolderLock const&) = delete;
    FolderLock& operator=(FolderLock const&) = delete;

  private:
    int descriptor_ = -1;
};

/// Who holds the lock of `folder`; empty when nobody does, as after a job that was killed. Where
/// locks cannot be asked for, whoever held it last.
std::string folder_holder(std::filesystem::path const& folder);

/// `text` fit for a log line or a page: control characters and invalid UTF-8 become \xNN.
/// File names come from strangers.
std::string printable(std::string_view text);

}  // namespace tessera::base
