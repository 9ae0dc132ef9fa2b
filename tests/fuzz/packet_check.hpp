#pragma once

#include <cstdlib>

#include <tessera/packet/decode.hpp>

namespace tessera::fuzz {

/// Decodes a frame, reads every byte that the result points to, and holds it to its contract.
inline void check_decode(packet::Frame const& frame) {
    auto const result = packet::decode(frame);
    auto const* packet = std::get_if<packet::Packet>(&result);
    if (packet == nullptr) {
        if (std::get<packet::Drop>(result) >= packet::Drop::count_) std::abort();
        return;
    }
    bool const ordered = packet->network < packet->transport &&
                         packet->transport < packet->payload && packet->payload <= packet->end &&
                         packet->end <= packet->bytes.size();
    bool const captured = packet->end - packet->payload <= packet->payload_length;
    if (!ordered || !captured || packet->bytes.data() != frame.bytes.data()) std::abort();
    std::size_t sum = 0;
    for (auto const byte : packet->bytes) sum += std::to_integer<unsigned>(byte);
    if (sum > 255 * packet->bytes.size()) std::abort();  // never: the loop must not be left out
}

}  // namespace tessera::fuzz
