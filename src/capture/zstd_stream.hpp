#pragma once

#include "byte_source.hpp"
#include "byte_stream.hpp"

#include <memory>

namespace tessera::capture {

/// What comes out of Zstandard data (RFC 8878), of all frames one after the other. Windows above
/// 128 MiB (`zstd --long=28` and more) are refused.
class ZstdStream : public ByteStream {
  public:
    explicit ZstdStream(std::unique_ptr<ByteSource> compressed);
    ~ZstdStream() override;

    static bool begins(base::ByteSpan bytes);

    std::size_t read(std::span<std::byte> into) override;
    std::uint64_t position() const override { return compressed_->position(); }
    std::uint64_t size() const override { return compressed_->size(); }

  private:
    struct Decoder;

    std::unique_ptr<ByteSource> compressed_;
    std::unique_ptr<Decoder> decoder_;
    bool in_frame_ = false;
};

}  // namespace tessera::capture
