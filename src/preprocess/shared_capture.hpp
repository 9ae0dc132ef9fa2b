#pragma once

#include "units.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <tessera/base/files.hpp>
#include <tessera/capture/capture_files.hpp>
#include <tessera/capture/joined_capture.hpp>
#include <tessera/comm/communicator.hpp>
#include <tessera/dataset/labels.hpp>
#include <tessera/dataset/manifest.hpp>
#include <tessera/packet/drop.hpp>
#include <tessera/preprocess/packet_intake.hpp>
#include <tessera/preprocess/preprocess.hpp>

namespace tessera::preprocess {

class NodeReading;
class PacketIntake;
class SharedPart;

/// One large capture worked on by all ranks together: they read stretches of it and every packet
/// comes to the rank that owns its flow's part, through memory that the ranks of a node share, or
/// in rounds of messages. A part sees its packets in the order of the file and has a flow table and
/// a shard of its own, so its bytes depend on the number of parts (a function of the file's size)
/// and not on the number of ranks.
class SharedCapture {
  public:
    SharedCapture(comm::Communicator const& comm, PreprocessConfig const& config,
                  dataset::LabelRules const& rules, base::FileSystem& files,
                  capture::CaptureFile const& file, Unit const& unit);
    ~SharedCapture();
    SharedCapture(SharedCapture const&) = delete;
    SharedCapture& operator=(SharedCapture const&) = delete;

    using Done = std::pair<std::uint32_t, dataset::UnitReport>;
    using OnBytes = std::function<void(std::uint64_t)>;

    /// Every rank calls it; shards `first_shard` + part are published in `folder`. Returns the
    /// reports of this rank's parts. Throws AgreedError on every rank. `on_bytes` is told now and
    /// then how many more bytes of the file this rank is through with, and may throw.
    std::vector<Done> run(std::filesystem::path const& folder, std::size_t first_shard,
                          OnBytes const& on_bytes);

    /// The rank that owns a part. Where rank 0 reads for all it is left out.
    static int owner(std::uint32_t part, Unit const& unit, int ranks);

  private:
    void open_parts(std::filesystem::path const& folder, std::size_t first_shard);
    void read_alone(OnBytes const& on_bytes);
    std::unique_ptr<NodeReading> read_on_node() const;
    void read_together(NodeReading& reading, OnBytes const& on_bytes);
    void read_in_rounds(OnBytes const& on_bytes);
    void deliver(comm::Messages const& received, PacketIntake& together);
    void put_together(packet::Frame const& fragment, PacketIntake& together);
    void note(std::optional<capture::ReadFault> const& fault);
    void heed_fault() const;
    void sum_counts();
    std::vector<Done> close_parts(std::filesystem::path const& folder);

    comm::Communicator const& comm_;
    PreprocessConfig const& config_;
    dataset::LabelRules const& rules_;
    base::FileSystem& files_;
    capture::CaptureFile const& file_;
    Unit unit_;
    std::vector<std::unique_ptr<SharedPart>> owned_;  // [part], null where another rank's
    IntakeCounts counts_;                             // of this rank, then of all
    std::string fault_;
};

}  // namespace tessera::preprocess
