#pragma once

#include <cstddef>
#include <filesystem>

#include <tessera/base/bytes.hpp>

namespace tessera::base {

/// A file mapped for reading. Error(bad_input) when it cannot be opened or is no regular file.
class MappedFile {
  public:
    explicit MappedFile(std::filesystem::path const& path);
    ~MappedFile();
    MappedFile(MappedFile&& other) noexcept;
    MappedFile& operator=(MappedFile&& other) noexcept;
    MappedFile(MappedFile const&) = delete;
    MappedFile& operator=(MappedFile const&) = delete;

    ByteSpan bytes() const { return {data_, size_}; }

    /// Read-ahead for a pass from front to back.
    void expect_sequential() const;

    /// Brings [offset, offset + size) in at one stroke, where the system can: cheaper than page by
    /// page.
    void fetch(std::size_t offset, std::size_t size) const;

    /// Gives the pages of [begin, end) back, so that a pass over a huge file stays small in memory.
    /// Their bytes can still be read, at the price of bringing them in again.
    void release(std::size_t begin, std::size_t end) const;

  private:
    std::byte const* data_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace tessera::base
