#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include <tessera/hdf5/handle.hpp>

namespace tessera::hdf5 {

/// Where the bytes of new objects start: those of `threshold` bytes or more at a multiple of
/// `multiple`. HDF5 knows one such rule per opening of a file.
struct Alignment {
    std::uint64_t threshold = 1;
    std::uint64_t multiple = 8;
};

/// An open HDF5 file, serial. Objects are of library version 1.8 and carry no time stamps, so equal
/// content gives equal bytes. HDF5 is not thread-safe: all calls of a process from one thread.
///
/// Every call of this stage throws Error that names the file and the object: bad_input when
/// reading, environment when writing. HDF5 itself prints nothing.
class File {
  public:
    static File create(std::filesystem::path const& path, Alignment alignment = {});
    static File extend(std::filesystem::path const& path, Alignment alignment);
    static File open(std::filesystem::path const& path);

    /// Writes out and closes; an error here means that the file is not whole.
    void close();

    void create_group(std::string const& name);
    bool contains(std::string const& name) const;

    void write_attribute(std::string const& name, std::string_view text);
    void write_attribute(std::string const& name, std::uint64_t value);
    std::string text_attribute(std::string const& name) const;
    std::uint64_t integer_attribute(std::string const& name) const;

    std::int64_t id() const { return handle_.id(); }
    bool writable() const { return writable_; }

    /// "'store/shard-00000.h5'", fit for a message.
    std::string shown() const;

  private:
    File(std::filesystem::path path, Handle handle, bool writable)
        : path_(std::move(path)), handle_(std::move(handle)), writable_(writable) {}

    std::filesystem::path path_;
    Handle handle_;
    bool writable_;
};

}  // namespace tessera::hdf5
