#pragma once

#include <cstdint>
#include <vector>

#include <tessera/base/bytes.hpp>
#include <tessera/dataset/labels.hpp>
#include <tessera/dataset/manifest.hpp>
#include <tessera/dataset/shard_writer.hpp>
#include <tessera/flow/flow_table.hpp>
#include <tessera/packet/drop.hpp>
#include <tessera/packet/packet.hpp>
#include <tessera/preprocess/preprocess.hpp>

namespace tessera::preprocess {

/// One share of the flows of a capture: packets in, in the order of the file, one shard out.
class SharedPart {
  public:
    SharedPart(PreprocessConfig const& config, base::FileSystem& files,
               dataset::ShardSettings settings, dataset::CaptureLabels labels,
               dataset::CaptureEntry entry);

    void add(packet::Packet const& packet, base::ByteSpan kept) {
        ++entry.packets_kept;
        table_.add(packet, kept);
    }

    /// After the last packet: the shard stands beside its place, for base::publish_all.
    dataset::UnitReport write();

    dataset::CaptureEntry entry;
    packet::DropCounts drops;  ///< of the part

  private:
    void keep(flow::Flow const& flow);

    PreprocessConfig const& config_;
    dataset::ShardWriter shard_;
    dataset::CaptureLabels labels_;
    std::vector<std::int32_t> classes_;  // of one flow, one a set
    flow::FlowTable table_;
};

}  // namespace tessera::preprocess
