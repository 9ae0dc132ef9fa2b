#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace tessera::capture {

/// Bytes that come in pieces and only once: a pipe, a decompressor.
class ByteStream {
  public:
    ByteStream() = default;
    virtual ~ByteStream() = default;
    ByteStream(ByteStream const&) = delete;
    ByteStream& operator=(ByteStream const&) = delete;

    /// Fills the front of `into` and says how much; 0 at the end or after a failure.
    virtual std::size_t read(std::span<std::byte> into) = 0;

    /// Bytes of the underlying file used so far, and its size (0: unknown).
    virtual std::uint64_t position() const = 0;
    virtual std::uint64_t size() const = 0;

    /// Why the bytes ended before their time; empty when they did not.
    std::string const& failure() const { return failure_; }

  protected:
    std::size_t fail(std::string reason) {
        failure_ = std::move(reason);
        return 0;
    }

  private:
    std::string failure_;
};

}  // namespace tessera::capture
