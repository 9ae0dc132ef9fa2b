#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <tessera/base/bytes.hpp>

namespace tessera::capture {

/// A run of bytes seen through a window that moves forward. The readers parse in the window; only
/// a move of the window costs a virtual call, so a mapped file and a decompressor serve one parser.
class ByteSource {
  public:
    ByteSource() = default;
    virtual ~ByteSource() = default;
    ByteSource(ByteSource const&) = delete;
    ByteSource& operator=(ByteSource const&) = delete;

    /// True when `count` bytes follow; they are in the window then. May move the window: views
    /// taken before are gone.
    bool holds(std::size_t count) { return window_.size() >= count || refill(count); }

    /// The bytes from the current one on that are in the window.
    base::ByteSpan view() const { return window_; }

    /// Moves on by `count` bytes of the window.
    void skip(std::size_t count) {
        window_ = window_.subspan(count);
        offset_ += count;
    }

    /// Bytes skipped since the start.
    std::uint64_t offset() const { return offset_; }

    /// Bytes of the underlying file used so far, and its size (0: unknown).
    virtual std::uint64_t position() const = 0;
    virtual std::uint64_t size() const = 0;

    /// Why the bytes ended before their time, e.g. damaged gzip data; empty when they did not.
    virtual std::string failure() const = 0;

  protected:
    /// Goes on at another byte of the source; the window is empty then.
    void jump(std::uint64_t offset) {
        window_ = {};
        offset_ = offset;
    }

    /// Moves back by `count` bytes, which still lie before the window.
    void step_back(std::size_t count) {
        window_ = {window_.data() - count, window_.size() + count};
        offset_ -= count;
    }

    /// Tries to bring at least `count` bytes into the window.
    virtual bool refill(std::size_t count) = 0;

    base::ByteSpan window_;

  private:
    std::uint64_t offset_ = 0;
};

}  // namespace tessera::capture
