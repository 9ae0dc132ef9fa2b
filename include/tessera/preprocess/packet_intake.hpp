#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <tessera/base/bytes.hpp>
#include <tessera/capture/filter.hpp>
#include <tessera/flow/fragment_table.hpp>
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

    IntakeCounts& operator+=(IntakeCounts const& other) {
        drops += other.drops;
        tunnels += other.tunnels;
        return *this;
    }
};

/// What a frame turns out to hold.
enum class Held : std::uint8_t {
    packet,    ///< one to keep, in PacketIntake::packet
    nothing,   ///< that we use: counted
    fragment,  ///< a piece of a datagram, to be put to the others
};

/// What happens to a frame before it has a flow: filtered, decoded, put together from fragments,
/// cut and masked, or counted.
class PacketIntake {
  public:
    explicit PacketIntake(PreprocessConfig const& config)
        : cutter_(config.token),
          filters_(config.filter),
          tunnels_(token::tunnels_of(config.token)),
          left_out_(config.leave_out),
          fragments_(config.fragments.memory > 0 ? packet::Fragments::none
                                                 : packet::Fragments::first),
          datagrams_(config.fragments),
          hides_tunnels_(!config.anonymise.empty()) {}

    /// Frames are of this capture from here on.
    void begin_capture(std::string_view name) { cutter_.begin_capture(name); }

    /// True when the frame holds a packet to keep, or the last piece of one, which stands in
    /// `packet` then; false when it was counted or waits for other pieces.
    bool take(packet::Frame const& frame);

    /// The same in two steps, for those who look at frames and put pieces together at different
    /// places: which pieces a datagram gets, and in which order, has to be the same everywhere.
    Held look_at(packet::Frame const& frame);
    bool take_fragment(packet::Frame frame);

    /// The capture ended: counts the pieces of datagrams that are not whole.
    void finish() { datagrams_.finish(counts.drops); }

    /// The bytes to keep of the packet; valid until the next call.
    base::ByteSpan cut() { return cutter_.cut(packet); }

    packet::Packet packet;
    IntakeCounts counts;

  private:
    Held sort(std::optional<packet::Drop> drop);
    void leave_out_tunnel();

    token::PacketCutter cutter_;
    capture::Filters filters_;
    packet::Tunnels tunnels_;
    packet::LeftOut left_out_;
    packet::Fragments fragments_;
    flow::FragmentTable datagrams_;
    bool hides_tunnels_;  // that were not read: their headers hold real addresses
};

}  // namespace tessera::preprocess
