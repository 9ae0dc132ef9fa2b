#pragma once

#include "packet_post.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include <tessera/capture/capture_files.hpp>
#include <tessera/capture/joined_capture.hpp>
#include <tessera/comm/communicator.hpp>
#include <tessera/preprocess/preprocess.hpp>

namespace tessera::preprocess {

/// A capture read by several ranks, a stretch of it in each round.
class Rounds {
  public:
    /// Other work of this rank, done before it reads.
    using Work = std::function<void()>;
    /// Told the bytes of the file that the round covers, as far as this rank knows; may throw.
    using OnBytes = std::function<void(std::uint64_t)>;

    virtual ~Rounds() = default;

    /// Collective. Posts what this rank has to read of the next stretch, so that it fits together
    /// with what the others read. False when nothing is left. AgreedError on every rank when
    /// anything fails on one.
    virtual bool next(PacketPost& post, Work const& work, OnBytes const& on_bytes) = 0;

    /// On the rank that met it: where the capture could not be read on.
    virtual std::optional<capture::ReadFault> fault() const = 0;
};

/// A plain pcap file: in a round each rank reads chunks of it that lie in turns with the others',
/// so that stretches of small packets burden all alike. Where the records of a chunk begin is
/// guessed, and proved when the chunk before ends there.
std::unique_ptr<Rounds> sliced_rounds(comm::Communicator const& comm,
                                      PreprocessConfig const& config,
                                      capture::CaptureFile const& file);

/// Any other capture, which can only be read from its beginning: rank 0 reads it for all.
std::unique_ptr<Rounds> stream_rounds(comm::Communicator const& comm,
                                      PreprocessConfig const& config,
                                      capture::CaptureFile const& file);

}  // namespace tessera::preprocess
