#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include <tessera/base/bytes.hpp>
#include <tessera/comm/communicator.hpp>
#include <tessera/packet/drop.hpp>
#include <tessera/packet/packet.hpp>
#include <tessera/preprocess/packet_intake.hpp>
#include <tessera/preprocess/preprocess.hpp>

namespace tessera::preprocess {

/// Says which rank owns a part of a shared capture.
using Owner = std::function<int(std::uint32_t part)>;

/// Packets on their way to the ranks that own their flows: one message a rank and round, in it the
/// packets of one chunk of the file after the other, each chunk with a mark at its end.
class PacketPost {
  public:
    PacketPost(PreprocessConfig const& config, std::string_view capture, std::uint32_t parts,
               int ranks, Owner const& owner);

    /// Puts the packet into the message of its owner, a fragment into all messages, or counts why
    /// there is none.
    void take(packet::Frame const& frame);
    void end_chunk();

    /// Where the messages and the counts stand, and the way back there: a chunk may turn out to
    /// have begun at the wrong place.
    struct Place {
        std::vector<std::size_t> sizes;
        IntakeCounts counts;
    };
    Place place() const;
    void back_to(Place const& place);

    /// Every rank calls it: what was put goes to its owners; `received` keeps its memory.
    void send(comm::Communicator const& comm, comm::Messages& received);

    std::uint64_t bytes() const { return bytes_; }  ///< in all messages
    IntakeCounts const& counts() const { return intake_.counts; }

  private:
    PacketIntake intake_;
    std::uint32_t parts_;
    std::vector<std::size_t> owners_;  // [part]
    comm::Messages messages_;          // [rank]
    std::uint64_t bytes_ = 0;          // in all of them
};

using UsePacket =
    std::function<void(std::uint32_t part, packet::Packet const&, base::ByteSpan kept)>;
using UseFragment = std::function<void(packet::Frame const&)>;

/// Takes packets and fragments out of the messages of one round in the order of the file: chunk by
/// chunk, the chunks of a round lie in turns with the ranks.
void for_each_letter(comm::Messages const& received, UsePacket const& use_packet,
                     UseFragment const& use_fragment);

}  // namespace tessera::preprocess
