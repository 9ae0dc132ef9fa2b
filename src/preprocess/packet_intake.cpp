#include "packet_intake.hpp"

namespace tessera::preprocess {

std::optional<base::ByteSpan> PacketIntake::take(packet::Frame const& frame) {
    if (!filters_.pass(frame)) {
        drops.add(packet::Drop::filtered);
        return std::nullopt;
    }
    if (auto const drop = packet::decode(frame, packet, tunnels_)) {
        drops.add(*drop);
        return std::nullopt;
    }
    return cutter_.cut(packet);
}

}  // namespace tessera::preprocess
