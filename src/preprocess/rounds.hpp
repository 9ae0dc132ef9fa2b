#pragma once

#include "packet_post.hpp"

#include <cstdint>
#include <memory>
#include <optional>

#include <tessera/capture/capture_files.hpp>
#include <tessera/capture/capture_reader.hpp>
#include <tessera/comm/communicator.hpp>
#include <tessera/preprocess/preprocess.hpp>

namespace tessera::preprocess {

/// A capture read by several ranks, a stretch of it in each round. In a round every rank calls
/// `read`, then `settle`, and what was posted is good.
class Rounds {
  public:
    virtual ~Rounds() = default;

    /// Posts what this rank has to read of the next stretch; fails alone. Returns the bytes of the
    /// file that the round covers, as far as this rank knows.
    virtual std::uint64_t read(PacketPost& post) = 0;

    /// Collective: makes sure that what the ranks read fits together, or reads again what does not.
    /// False when nothing is left.
    virtual bool settle(PacketPost& post) = 0;

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
