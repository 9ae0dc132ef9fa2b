#include "shared_part.hpp"

#include "unit_worker.hpp"

#include <algorithm>
#include <utility>

#include <tessera/burst/burst.hpp>

namespace tessera::preprocess {

namespace {

// The parts of a capture may all live on one rank: together they keep to its limit.
flow::FlowConfig share_of(flow::FlowConfig config, std::uint32_t parts) {
    constexpr std::int64_t least = 1 << 20;
    config.memory = std::max(config.memory / parts, least);
    return config;
}

}  // namespace

SharedPart::SharedPart(PreprocessConfig const& config, base::FileSystem& files,
                       dataset::ShardSettings settings, dataset::CaptureLabels labels,
                       dataset::CaptureEntry capture)
    : entry(std::move(capture)),
      config_(config),
      shard_(files, settings),
      labels_(std::move(labels)),
      classes_(settings.label_sets.size()),
      table_(share_of(flow_settings(config), entry.parts),
             [this](flow::Flow const& flow) { keep(flow); }) {}

void SharedPart::keep(flow::Flow const& flow) {
    auto const packets = flow.packets.size();
    if (packets < static_cast<std::uint64_t>(config_.min_flow_packets)) {
        drops.add(packet::Drop::short_flow, packets);
        entry.packets_kept -= packets;
        return;
    }
    labels_.label(flow, classes_);
    shard_.add(flow, burst::split_bursts(flow, config_.burst), 0, classes_);
    ++entry.flows;
}

dataset::UnitReport SharedPart::write() {
    table_.finish();
    entry.packets_read = entry.packets_kept + drops.total();
    entry.packets_dropped = dropped_by_name(drops);
    dataset::UnitReport report;
    report.shard = shard_.write();
    report.captures.push_back(std::move(entry));
    return report;
}

}  // namespace tessera::preprocess
