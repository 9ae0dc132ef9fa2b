#pragma once

#include "memory_source.hpp"
#include "packet_check.hpp"

#include <cstdlib>
#include <memory>

#include <tessera/base/error.hpp>

namespace tessera::fuzz {

/// Reads a capture to its end and decodes its packets. A file that ends unread must say why.
template <class Reader>
void check_reader(std::uint8_t const* data, std::size_t size) {
    base::ByteSpan const bytes(reinterpret_cast<std::byte const*>(data), size);
    try {
        Reader reader(std::make_unique<MemorySource>(bytes), "", {});
        for (packet::Frame frame; reader.next(frame);) check_decode(frame);
        bool const whole = reader.position() == size;
        if (whole == reader.fault().has_value()) std::abort();
    } catch (base::Error const&) {
        return;  // no capture at all
    }
}

}  // namespace tessera::fuzz
