#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <tessera/base/files.hpp>
#include <tessera/capture/capture_files.hpp>
#include <tessera/capture/filter.hpp>
#include <tessera/capture/sliced_capture.hpp>
#include <tessera/comm/communicator.hpp>
#include <tessera/dataset/labels.hpp>
#include <tessera/dataset/manifest.hpp>
#include <tessera/packet/drop.hpp>
#include <tessera/packet/packet.hpp>
#include <tessera/preprocess/preprocess.hpp>
#include <tessera/token/packet_cutter.hpp>

namespace tessera::preprocess {

class SharedPart;

/// One large capture read by all ranks together. The file is cut into chunks at record boundaries;
/// in rounds, each rank reads one chunk and sends every packet to the rank that owns its flow's
/// part. A part sees its packets in the order of the file and has a flow table and a shard of its
/// own, so its bytes depend on the number of parts (a function of the file's size) and not on the
/// number of ranks.
class SharedCapture {
  public:
    SharedCapture(comm::Communicator const& comm, PreprocessConfig const& config,
                  dataset::LabelRules const& rules, base::FileSystem& files,
                  capture::CaptureFile const& file, std::uint32_t parts);
    ~SharedCapture();
    SharedCapture(SharedCapture const&) = delete;
    SharedCapture& operator=(SharedCapture const&) = delete;

    using Done = std::pair<std::uint32_t, dataset::UnitReport>;

    /// Every rank calls it; shards `first_shard` + part are published in `folder`. Returns the
    /// reports of this rank's parts. Throws AgreedError on every rank. `on_bytes` is told what this
    /// rank has read.
    std::vector<Done> run(std::filesystem::path const& folder, std::size_t first_shard,
                          std::function<void(std::uint64_t)> const& on_bytes);

    /// The rank that owns a part.
    static int owner(std::uint32_t part, int ranks) {
        return static_cast<int>(part % static_cast<std::uint32_t>(ranks));
    }

  private:
    using Walk = capture::SlicedCapture::Walk;

    bool is_mine(std::size_t chunk) const;
    void find_boundaries();
    void walk_chunk(std::size_t chunk, std::uint64_t begin);
    void share_walks(std::span<std::size_t const> changed);
    std::optional<std::pair<std::size_t, std::uint64_t>> first_wrong() const;

    void open_parts(std::filesystem::path const& folder, std::size_t first_shard);
    void read_chunk(std::size_t chunk);
    void take(packet::Frame const& frame);
    void post(std::uint32_t part, base::ByteSpan kept);
    void deliver();
    void sum_counts();
    std::vector<Done> close_parts();

    comm::Communicator const& comm_;
    PreprocessConfig const& config_;
    dataset::LabelRules const& rules_;
    base::FileSystem& files_;
    capture::CaptureFile const& file_;
    std::uint32_t parts_;
    std::uint64_t chunk_bytes_;
    capture::SlicedCapture sliced_;
    token::PacketCutter cutter_;
    capture::Filters filters_;
    std::vector<Walk> chunks_;
    std::vector<std::unique_ptr<SharedPart>> owned_;  // [part], null where another rank's
    packet::Packet packet_;
    comm::Messages outbox_;
    comm::Messages inbox_;
    packet::DropCounts drops_;  // of this rank, then of all
    std::string fault_;
};

}  // namespace tessera::preprocess
