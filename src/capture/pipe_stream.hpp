#pragma once

#include "byte_stream.hpp"

#include <filesystem>

namespace tessera::capture {

/// Standard input ("-"), a named pipe, a device.
class PipeStream : public ByteStream {
  public:
    explicit PipeStream(std::filesystem::path const& path);
    ~PipeStream() override;

    std::size_t read(std::span<std::byte> into) override;
    std::uint64_t position() const override { return position_; }
    std::uint64_t size() const override { return 0; }

  private:
    int descriptor_;
    std::uint64_t position_ = 0;
};

}  // namespace tessera::capture
