#pragma once

#include "byte_source.hpp"

#include <filesystem>
#include <memory>
#include <string>

namespace tessera::capture {

/// A plain file, read piece by piece into a buffer that stays in the processor's cache: the parser
/// finds there what a mapping would have it fetch from memory page by page. Where the disk fails,
/// or somebody else cuts the file short while it is read, calls throw Error(environment); a mapping
/// would kill the process.
class FileSource : public ByteSource {
  public:
    /// Error(bad_input) when it cannot be opened or is no regular file.
    explicit FileSource(std::filesystem::path const& path);
    ~FileSource() override;

    std::uint64_t position() const override { return offset(); }
    std::uint64_t size() const override { return size_; }
    std::string failure() const override { return {}; }

    /// Goes on at `begin`. As far as possible only [begin, until) is read; what the buffer holds of
    /// it already is not read again.
    void go_to(std::uint64_t begin, std::uint64_t until);

  protected:
    bool refill(std::size_t count) override;

  private:
    std::size_t amount_to_read(std::size_t missing) const;
    void read_more(std::size_t count);
    [[noreturn]] void fail_to_read(std::uint64_t at, int error) const;

    std::filesystem::path path_;
    int descriptor_;
    std::uint64_t size_ = 0;   // when it was opened
    std::uint64_t until_ = 0;  // no byte from here on is wanted unless a record needs it
    std::unique_ptr<std::byte[]> buffer_;
    std::size_t capacity_ = 0;
};

}  // namespace tessera::capture
