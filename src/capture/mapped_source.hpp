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

  protected:
    bool refill(std::size_t count) override;

  private:
    base::MappedFile file_;
};

}  // namespace tessera::capture
