#pragma once

#include <string_view>

#include <tessera/base/bytes.hpp>
#include <tessera/capture/filter.hpp>
#include <tessera/packet/decode.hpp>
#include <tessera/packet/drop.hpp>
#include <tessera/packet/left_out.hpp>
#include <tessera/packet/packet.hpp>
#include <tessera/preprocess/preprocess.hpp>
#include <tessera/token/packet_cutter.hpp>

namespace tessera::preprocess {

/// What is counted of packets before they have a flow.
struct IntakeCounts {
    packet::DropCounts drops;
    packet::TunnelCounts tunnels;  ///< of the packets taken
};

/// What happens to a frame before it has a flow: filtered, decoded, cut and masked, or counted.
class PacketIntake {
  public:
    explicit PacketIntake(PreprocessConfig const& config)
        : cutter_(config.token),
          filters_(config.filter),
          tunnels_(token::tunnels_of(config.token)),
          left_out_(config.leave_out) {}

    /// Frames are of this capture from here on.
    void begin_capture(std::string_view name) { cutter_.begin_capture(name); }

    /// True when the frame holds a packet to keep, which stands in `packet` then; false when it
    /// was dropped and counted.
    bool take(packet::Frame const& frame);

    /// The bytes to keep of the packet; valid until the next call.
    base::ByteSpan cut() { return cutter_.cut(packet); }

    packet::Packet packet;
    IntakeCounts counts;

  private:
    token::PacketCutter cutter_;
    capture::Filters filters_;
    packet::Tunnels tunnels_;
    packet::LeftOut left_out_;
};

}  // namespace tessera::preprocess
