#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include <tessera/base/bytes.hpp>

namespace tessera::token {

/// The copied bytes of a packet from offset `begin` on, addressed by offsets in the packet; what a
/// field has outside of them is passed over.
class Window {
  public:
    Window(std::span<std::byte> bytes, std::size_t begin)
        : bytes_(bytes.data()), begin_(begin), end_(begin + bytes.size()) {}

    std::size_t begin() const { return begin_; }
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

    /// Writes `bytes` from `offset` on.
    void put(std::size_t offset, std::span<std::byte const> bytes) {
        auto const first = std::max(offset, begin_);
        auto const last = std::min(offset + bytes.size(), end_);
        if (first < last) {
            std::memcpy(bytes_ + (first - begin_), bytes.data() + (first - offset), last - first);
        }
    }

    /// The same for a number in network byte order.
    template <std::unsigned_integral Number>
    void put_number(std::size_t offset, Number number) {
        auto const bytes =
            std::endian::native == std::endian::big ? number : base::byte_swapped(number);
        put(offset, std::as_bytes(std::span(&bytes, 1)));
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
