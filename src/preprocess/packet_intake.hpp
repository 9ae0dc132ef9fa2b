#pragma once

#include <optional>

#include <tessera/base/bytes.hpp>
#include <tessera/capture/filter.hpp>
#include <tessera/packet/decode.hpp>
#include <tessera/packet/drop.hpp>
#include <tessera/packet/packet.hpp>
#include <tessera/preprocess/preprocess.hpp>
#include <tessera/token/packet_cutter.hpp>

namespace tessera::preprocess {

/// What happens to a frame before it has a flow: filtered, decoded, cut and masked, or counted.
class PacketIntake {
  public:
    explicit PacketIntake(PreprocessConfig const& config)
        : cutter_(config.token),
          filters_(config.filter),
          tunnels_(token::tunnels_of(config.token)) {}

    /// The bytes to keep of the packet in the frame, which stands in `packet` then; none when it
    /// was dropped and counted. Both are valid until the next call.
    std::optional<base::ByteSpan> take(packet::Frame const& frame);

    packet::Packet packet;
    packet::DropCounts drops;

  private:
    token::PacketCutter cutter_;
    capture::Filters filters_;
    packet::Tunnels tunnels_;
};

}  // namespace tessera::preprocess
