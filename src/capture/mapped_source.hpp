#pragma once

#include "byte_source.hpp"

#include <filesystem>

#include <tessera/base/mapped_file.hpp>

namespace tessera::capture {

/// A plain file, mapped. The window is a stretch of the mapping; pages behind it are given back.
class MappedSource : public ByteSource {
  public:
    explicit MappedSource(std::filesystem::path const& path);

    std::uint64_t position() const override { return offset(); }
    std::uint64_t size() const override { return file_.bytes().size(); }
    std::string failure() const override { return {}; }

    /// The mapped bytes of the file.
    base::ByteSpan whole() const { return file_.bytes(); }

    /// Goes on at `begin`. As far as possible only [begin, until) is brought into memory.
    void go_to(std::uint64_t begin, std::uint64_t until);

  protected:
    bool refill(std::size_t count) override;

  private:
    base::MappedFile file_;
    std::uint64_t until_;
    std::uint64_t resident_ = 0;  // first byte that was brought in and not given back
};

}  // namespace tessera::capture
