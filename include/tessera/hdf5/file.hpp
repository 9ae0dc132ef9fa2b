#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
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

/// The first failure of the disk while a file was written: errno, and the bytes that did not fit.
struct OutputFault {
    int error = 0;
    std::uint64_t bytes = 0;
    std::uint64_t kept = 0;  ///< see File::create_around
};

/// An open HDF5 file, serial. Objects are of library version 1.8 and carry no time stamps, so equal
/// content gives equal bytes. HDF5 is not thread-safe: all calls of a process from one thread.
///
/// Every call of this stage throws Error that names the file and the object: bad_input when
/// reading, environment when writing. HDF5 itself prints nothing.
class File {
  public:
    static File create(std::filesystem::path const& path, Alignment alignment = {});
    /// Makes an HDF5 file of one whose first `kept` bytes hold data already: they are neither cut
    /// off nor written until datasets are laid there. What HDF5 itself puts before that data must
    /// find room below it.
    static File create_around(std::filesystem::path const& path, std::uint64_t kept,
                              Alignment alignment);
    static File extend(std::filesystem::path const& path, Alignment alignment,
                       std::uint64_t kept = 0);
    static File open(std::filesystem::path const& path);

    /// Writes out and closes; an error here means that the file is not whole.
    void close();

    void create_group(std::string const& name);

    void write_attribute(std::string const& name, std::string_view text);
    void write_attribute(std::string const& name, std::uint64_t value);
    std::string text_attribute(std::string const& name) const;
    std::uint64_t integer_attribute(std::string const& name) const;

    std::int64_t id() const { return handle_.id(); }

    /// Null for a file opened for reading.
    std::shared_ptr<OutputFault const> fault() const { return fault_; }

    /// "'store/shard-00000.h5'", fit for a message.
    std::string shown() const;

  private:
    File(std::filesystem::path path, std::shared_ptr<OutputFault> fault, Handle handle)
        : path_(std::move(path)), fault_(std::move(fault)), handle_(std::move(handle)) {}

    static File open_for_writing(std::filesystem::path const& path, Alignment alignment,
                                 std::uint64_t kept, bool create);

    std::filesystem::path path_;
    std::shared_ptr<OutputFault> fault_;  // HDF5 writes to it until the handle is gone
    Handle handle_;
};

/// Throws Error(environment) when a write of the file has failed so far.
void check_written(OutputFault const& fault, std::string const& shown);

}  // namespace tessera::hdf5
