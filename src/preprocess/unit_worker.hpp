#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <tessera/base/files.hpp>
#include <tessera/capture/capture_files.hpp>
#include <tessera/capture/joined_capture.hpp>
#include <tessera/dataset/labels.hpp>
#include <tessera/dataset/manifest.hpp>
#include <tessera/dataset/shard_writer.hpp>
#include <tessera/flow/flow_table.hpp>
#include <tessera/packet/drop.hpp>
#include <tessera/preprocess/packet_intake.hpp>
#include <tessera/preprocess/preprocess.hpp>
#include <tessera/token/tokenizer.hpp>

namespace tessera::preprocess {

/// Packets dropped as a manifest lists them: reasons that happened, by name.
dataset::Counts dropped_by_name(packet::DropCounts const& drops);

/// Packets taken by the tunnels around them: kinds that were met, by name.
dataset::Counts tunnels_by_name(packet::TunnelCounts const& tunnels);

/// Turns units into shards, one after the other: frames -> packets -> flows -> bursts -> tokens.
class UnitWorker {
  public:
    /// Called now and then with the bytes of captures read since the last call.
    using OnBytes = std::function<void(std::uint64_t)>;

    UnitWorker(PreprocessConfig const& config, dataset::LabelRules const& rules,
               base::FileSystem& files, OnBytes on_bytes);
    UnitWorker(UnitWorker const&) = delete;
    UnitWorker& operator=(UnitWorker const&) = delete;

    /// Writes shard `number` into `folder`. A capture that cannot be read, or not to its end, is
    /// in the report; with `strict` it throws Error(bad_input) instead.
    dataset::UnitReport run(std::filesystem::path const& folder, std::size_t number,
                            std::span<capture::CaptureFile const> captures);

  private:
    // The capture being read: where its flows go and what is counted for it.
    struct Current {
        dataset::ShardWriter* shard;
        std::uint32_t number;  // of the capture in the shard
        dataset::CaptureLabels labels;
        dataset::CaptureEntry entry;
    };

    void read(capture::CaptureFile const& capture, dataset::ShardWriter& shard,
              dataset::UnitReport& report);
    void read_frames(capture::CaptureReader& reader);
    void take(packet::Frame const& frame);
    void keep(flow::Flow const& flow);

    PreprocessConfig const& config_;
    dataset::LabelRules const& rules_;
    base::FileSystem& files_;
    OnBytes on_bytes_;
    PacketIntake intake_;
    token::Tokenizer tokenizer_;
    flow::FlowTable table_;
    std::optional<Current> current_;
    std::vector<std::int32_t> labels_;  // of one flow, a class a set
};

}  // namespace tessera::preprocess
