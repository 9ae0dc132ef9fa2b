
#include <tessera/packet/fragment.hpp>
#include <tessera/preprocess/packet_intake.hpp>

namespace tessera::preprocess {

bool PacketIntake::take(packet::Frame const& frame) {
    auto const held = look_at(frame);
    return held == Held::packet || (held == Held::fragment && take_fragment(frame));
}

Held PacketIntake::look_at(packet::Frame const& frame) {
    if (!filters_.pass(frame)) return sort(packet::Drop::filtered);
    auto const drop = packet::decode(frame, packet, tunnels_, fragments_);
    bool const piece = drop == packet::Drop::ip_fragment && fragments_ == packet::Fragments::none;
    return piece ? Held::fragment : sort(drop);
}

// A whole datagram may hold, in a tunnel, a piece of another one.
bool PacketIntake::take_fragment(packet::Frame frame) {
    constexpr int deepest = 4;
    packet::TunnelSet around;
    for (int i = 0; i < deepest; ++i) {
        auto const fragment = packet::find_fragment(frame, tunnels_);
        if (!fragment || fragment->captured < fragment->size) {  // cut by the snap length
            return sort(packet::decode(frame, packet, tunnels_)) == Held::packet;
        }
        auto const whole = datagrams_.add(frame, *fragment, counts.drops);
        if (!whole) return false;
        around.add(fragment->carriers);
        auto const drop = packet::decode(*whole, packet, tunnels_, packet::Fragments::none);
        if (!drop) packet.carriers.add(around);
        if (drop != packet::Drop::ip_fragment) return sort(drop) == Held::packet;
        frame = *whole;
    }
    counts.drops.add(packet::Drop::nested_too_deep);
    return false;
}

Held PacketIntake::sort(std::optional<packet::Drop> drop) {
    if (!drop) drop = left_out_.find(packet);
    if (drop) {
        counts.drops.add(*drop);
        return Held::nothing;
    }
    counts.tunnels.add(packet.carriers);
    if (hides_tunnels_ && packet.holds_tunnel) leave_out_tunnel();
    return Held::packet;
}

// As if the capture had cut the frame after the UDP header.
void PacketIntake::leave_out_tunnel() {
    packet.end = packet.payload;
    packet.bytes = packet.bytes.first(packet.end);
}

}  // namespace tessera::preprocess
