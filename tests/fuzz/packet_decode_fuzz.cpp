// Input: link type (1 byte, an index), bytes cut off by the snap length (1 byte), frame.
#include "link_types.hpp"
#include "packet_check.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace tessera;
    if (size < 2) return 0;
    base::ByteSpan const bytes(reinterpret_cast<std::byte const*>(data) + 2, size - 2);
    packet::Frame const frame{bytes, static_cast<std::uint32_t>(bytes.size() + data[1]),
                              fuzz::link_types[data[0] % fuzz::link_types.size()], 0};
    fuzz::check_decode(frame);
    return 0;
}
