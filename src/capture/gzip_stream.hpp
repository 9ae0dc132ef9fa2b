#pragma once

#include "byte_source.hpp"
#include "byte_stream.hpp"

#include <memory>

namespace tessera::capture {

/// What comes out of gzip data (RFC 1952), of all members one after the other.
class GzipStream : public ByteStream {
  public:
    explicit GzipStream(std::unique_ptr<ByteSource> compressed);
    ~GzipStream() override;

    static bool begins(base::ByteSpan bytes);

    std::size_t read(std::span<std::byte> into) override;
    std::uint64_t position() const override { return compressed_->position(); }
    std::uint64_t size() const override { return compressed_->size(); }

  private:
    struct Inflater;

    bool next_member();
    std::size_t inflate(std::span<std::byte> into);

    std::unique_ptr<ByteSource> compressed_;
    std::unique_ptr<Inflater> inflater_;
    bool in_member_ = true;
};

}  // namespace tessera::capture
