#pragma once

#include <cstddef>
#include <cstdint>

#include <tessera/base/bytes.hpp>

namespace tessera::packet {

/// The internet checksum (RFC 1071) of pieces; each but the last is of even size.
class InternetChecksum {
  public:
    void add(base::ByteSpan bytes) {
        std::size_t at = 0;
        for (; at + 2 <= bytes.size(); at += 2) {
            add(base::load_big_endian<std::uint16_t>(bytes, at));
        }
        if (at < bytes.size()) add(std::uint64_t{base::load_byte(bytes, at)} << 8U);
    }

    /// A number of the pseudo-header.
    void add(std::uint64_t number) { sum_ += number; }

    std::uint16_t value() const {
        auto sum = sum_;
        while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16U);
        return static_cast<std::uint16_t>(~sum & 0xffff);
    }

  private:
    std::uint64_t sum_ = 0;
};

}  // namespace tessera::packet
