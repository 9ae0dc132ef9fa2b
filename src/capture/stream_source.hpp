#pragma once

#include "byte_source.hpp"
#include "byte_stream.hpp"

#include <memory>
#include <vector>

namespace tessera::capture {

/// A stream seen through a sliding buffer, which grows only as far as bytes really come.
class StreamSource : public ByteSource {
  public:
    /// Stops with a failure after `limit` bytes.
    StreamSource(std::unique_ptr<ByteStream> stream, std::uint64_t limit);

    std::uint64_t position() const override { return stream_->position(); }
    std::uint64_t size() const override { return stream_->size(); }
    std::string failure() const override;

  protected:
    bool refill(std::size_t count) override;

  private:
    void slide();
    bool read_more();

    std::unique_ptr<ByteStream> stream_;
    std::uint64_t limit_;
    std::uint64_t read_ = 0;         // bytes that came out of the stream
    std::vector<std::byte> buffer_;  // the window ends where the bytes end
};

}  // namespace tessera::capture
