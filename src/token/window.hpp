#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace tessera::token {

/// The copied bytes of a packet from offset `begin` on, addressed by offsets in the packet; what a
/// field has outside of them is passed over.
class Window {
  public:
    Window(std::span<std::byte> bytes, std::size_t begin)
        : bytes_(bytes.data()), begin_(begin), end_(begin + bytes.size()) {}

    std::size_t end() const { return end_; }

    /// Zeroes the field [offset, offset + Size).
    template <std::size_t Size>
    void zero(std::size_t offset) {
        if (offset >= begin_ && offset + Size <= end_) {  // one store, the common case
            std::memset(bytes_ + (offset - begin_), 0, Size);
        } else {
            zero_range(offset, offset + Size);
        }
    }

    /// Zeroes [first, last).
    void zero_range(std::size_t first, std::size_t last) {
        first = std::max(first, begin_);
        last = std::min(last, end_);
        if (first < last) std::memset(bytes_ + (first - begin_), 0, last - first);
    }

    void set(std::size_t offset, std::byte value) {
        if (offset >= begin_ && offset < end_) bytes_[offset - begin_] = value;
    }

    /// Keeps only the bits of `mask` in the byte at `offset`.
    void keep_bits(std::size_t offset, std::uint8_t mask) {
        if (offset >= begin_ && offset < end_) bytes_[offset - begin_] &= std::byte{mask};
    }

  private:
    std::byte* bytes_;
    std::size_t begin_;
    std::size_t end_;
};

}  // namespace tessera::token
