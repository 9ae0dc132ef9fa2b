#include "hide_payload.hpp"

#include "server_name.hpp"

#include <array>

#include <tessera/base/hash.hpp>
#include <tessera/base/random.hpp>

namespace tessera::token {

namespace {

// What is drawn depends on which packet it is, and on none of its payload.
std::uint64_t identity_of(packet::Packet const& packet) {
    std::array<std::byte, 44> bytes{};
    std::memcpy(bytes.data(), packet.source.address.bytes.data(), 16);
    std::memcpy(bytes.data() + 16, packet.destination.address.bytes.data(), 16);
    std::memcpy(bytes.data() + 32, &packet.source.port, 2);
    std::memcpy(bytes.data() + 34, &packet.destination.port, 2);
    std::memcpy(bytes.data() + 36, &packet.time, 8);
    return base::hash64(bytes, 0);
}

void fill_with_random(packet::Packet const& packet, Window& window) {
    base::RandomStream random(identity_of(packet), base::Purpose::masking, 0, 0);
    auto const last = std::min<std::size_t>(packet.end, window.end());
    for (std::size_t at = packet.payload; at < last; ++at) {
        window.set(at, static_cast<std::byte>(random.next_u32() & 0xffU));
    }
}

}  // namespace

void hide_in_payload(packet::Packet const& packet, HiddenFields hidden, Window& window) {
    if (hidden.has(Field::payload)) return window.zero_range(packet.payload, packet.end);
    if (hidden.has(Field::payload_as_ones)) {
        auto const last = std::min<std::size_t>(packet.end, window.end());
        for (std::size_t at = packet.payload; at < last; ++at) window.set(at, std::byte{0xff});
    }
    if (hidden.has(Field::payload_as_random)) fill_with_random(packet, window);
    if (hidden.has(Field::server_name)) {
        auto const payload = packet.bytes.first(packet.end).subspan(packet.payload);
        if (auto const name = server_name(payload)) {
            window.zero_range(packet.payload + name->begin, packet.payload + name->end);
        }
    }
}

}  // namespace tessera::token
