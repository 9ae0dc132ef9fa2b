// Input: frames, each after its length (2 bytes), an index of a link type, seconds since the frame
// before, and bytes cut off by the snap length (1 byte each). Whatever comes, memory is bounded,
// every piece is counted once, and what is put together can be decoded.
#include "link_types.hpp"
#include "packet_check.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <vector>

#include <tessera/flow/fragment_table.hpp>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace tessera;
    constexpr std::size_t head = 5;
    constexpr flow::FragmentConfig config{.memory = 1 << 20, .timeout = 60};
    flow::FragmentTable table(config);
    packet::DropCounts drops;
    std::uint64_t pieces = 0;
    std::uint64_t whole = 0;
    base::Nanoseconds time = 0;
    for (std::size_t at = 0; at + head <= size;) {
        auto const* const given = data + at;
        auto const said = std::size_t{given[0]} << 8U | given[1];
        auto const length = std::min(said, size - at - head);
        // A copy of its own, so that reading past its end is seen.
        std::vector<std::byte> const bytes(
            reinterpret_cast<std::byte const*>(given) + head,
            reinterpret_cast<std::byte const*>(given) + head + length);
        at += head + length;
        time += given[3] * base::nanoseconds_per_second;
        packet::Frame const frame{bytes, static_cast<std::uint32_t>(length + given[4]),
                                  fuzz::link_types[given[2] % fuzz::link_types.size()], time};
        auto const fragment = packet::find_fragment(frame, packet::Tunnels::inner);
        if (!fragment) continue;
        if (std::size_t{fragment->begin} + fragment->captured > bytes.size()) std::abort();
        if (fragment->captured < fragment->size) continue;
        ++pieces;
        if (auto const datagram = table.add(frame, *fragment, drops)) {
            ++whole;
            fuzz::check_decode(*datagram);
        }
        if (table.bytes() > static_cast<std::uint64_t>(config.memory)) std::abort();
    }
    table.finish(drops);
    if (drops.total() + whole != pieces || table.bytes() != 0) std::abort();
    return 0;
}
