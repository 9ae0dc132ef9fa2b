#pragma once

#include "chunk_board.hpp"
#include "packet_post.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <tessera/capture/joined_capture.hpp>
#include <tessera/capture/sliced_capture.hpp>
#include <tessera/comm/communicator.hpp>
#include <tessera/comm/shared_memory.hpp>
#include <tessera/preprocess/packet_intake.hpp>
#include <tessera/preprocess/preprocess.hpp>

namespace tessera::preprocess {

/// A plain pcap file read once by the ranks of a node together: each reads and decodes the chunks
/// that it gets to, and all find the packets of their parts in memory that they share.
class NodeReading {
  public:
    /// Every rank calls it. None, on all of them, where they share no memory.
    static std::unique_ptr<NodeReading> open(comm::Communicator const& comm,
                                             PreprocessConfig const& config,
                                             capture::CaptureFile const& file, std::uint32_t parts,
                                             Owner const& owner);

    NodeReading(NodeReading const&) = delete;
    NodeReading& operator=(NodeReading const&) = delete;

    using OnBytes = std::function<void(std::uint64_t)>;

    /// Every rank calls it, in comm::agreed: reads and uses what is there to be read and used until
    /// this rank has used all that is its. Returns early where another rank failed. `on_bytes` is
    /// told the bytes of the file that this rank is through with, whoever read them; it may throw.
    void run(UsePacket const& use_packet, UseFragment const& use_fragment, OnBytes const& on_bytes);

    IntakeCounts const& counts() const { return intake_.counts; }  ///< of what this rank read
    /// On the rank that met it: where the file could not be read on.
    std::optional<capture::ReadFault> const& fault() const { return fault_; }

  private:
    NodeReading(PreprocessConfig const& config, capture::CaptureFile const& file,
                capture::SlicedCapture sliced, comm::SharedMemory memory,
                ChunkBoard::Shape const& shape, std::size_t rank, std::vector<std::size_t> owners);

    bool read();
    capture::SlicedCapture::Walk pass_on(std::uint64_t chunk, ChunkBoard::Start const& start);
    void put(packet::Frame const& frame);
    std::uint64_t until(std::uint64_t chunk) const;

    std::uint64_t chunk_bytes_;
    std::uint64_t size_;  // as all ranks found it; what has come since is left
    std::string shown_;
    capture::SlicedCapture sliced_;
    comm::SharedMemory memory_;
    ChunkBoard board_;
    std::uint64_t used_ = 0;  // chunks
    PacketIntake intake_;
    std::vector<std::size_t> owners_;  // [part]
    std::optional<capture::ReadFault> fault_;
};

}  // namespace tessera::preprocess
