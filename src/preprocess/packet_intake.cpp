#include "packet_intake.hpp"

#include <optional>

namespace tessera::preprocess {

bool PacketIntake::take(packet::Frame const& frame) {
    auto drop = filters_.pass(frame) ? packet::decode(frame, packet, tunnels_)
                                     : std::optional(packet::Drop::filtered);
    if (!drop) drop = left_out_.find(packet);
    if (drop) {
        counts.drops.add(*drop);
        return false;
    }
    counts.tunnels.add(packet.carriers);
    return true;
}

}  // namespace tessera::preprocess
