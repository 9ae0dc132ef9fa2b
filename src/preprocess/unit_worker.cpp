#include "unit_worker.hpp"

#include "work.hpp"

#include <utility>

#include <tessera/base/error.hpp>
#include <tessera/burst/burst.hpp>

namespace tessera::preprocess {

namespace {

constexpr std::uint64_t frames_between_reports = 16'384;

}  // namespace

dataset::Counts dropped_by_name(packet::DropCounts const& drops) {
    dataset::Counts counts;
    for (std::size_t i = 0; i < packet::drop_reasons; ++i) {
        auto const reason = static_cast<packet::Drop>(i);
        if (drops[reason] > 0) counts[packet::name(reason)] = drops[reason];
    }
    return counts;
}

dataset::Counts tunnels_by_name(packet::TunnelCounts const& tunnels) {
    dataset::Counts counts;
    for (std::size_t i = 0; i < packet::tunnel_kinds; ++i) {
        auto const kind = static_cast<packet::Tunnel>(i);
        if (tunnels[kind] > 0) counts[packet::name(kind)] = tunnels[kind];
    }
    return counts;
}

UnitWorker::UnitWorker(PreprocessConfig const& config, dataset::LabelRules const& rules,
                       base::FileSystem& files, OnBytes on_bytes)
    : config_(config),
      rules_(rules),
      files_(files),
      on_bytes_(std::move(on_bytes)),
      intake_(config),
      tokenizer_(config.token),
      table_(flow_settings(config), [this](flow::Flow const& flow) { keep(flow); }),
      labels_(rules.set_names().size()) {}

dataset::UnitReport UnitWorker::run(std::filesystem::path const& folder, std::size_t number,
                                    std::span<capture::CaptureFile const> captures) {
    std::uint64_t bytes = 0;
    for (auto const& capture : captures) bytes += capture.bytes;
    dataset::ShardWriter shard(files_, {.folder = folder,
                                        .number = number,
                                        .identity = dataset::token_identity(config_.token),
                                        .tokenizer = tokenizer_,
                                        .label_sets = rules_.set_names(),
                                        .anonymiser = anonymiser_of(config_),
                                        .memory = column_memory(config_),
                                        .expected_packets = packets_in(bytes)});
    dataset::UnitReport report;
    for (auto const& capture : captures) read(capture, shard, report);
    report.shard = shard.finish();
    return report;
}

void UnitWorker::read(capture::CaptureFile const& capture, dataset::ShardWriter& shard,
                      dataset::UnitReport& report) {
    std::unique_ptr<capture::CaptureReader> reader;
    try {
        reader = capture::open_capture(capture, config_.capture);
    } catch (base::Error const& error) {
        if (config_.strict || error.code() != base::ExitCode::bad_input) throw;
        report.failed.push_back({capture.name, error.what()});
        return;
    }
    current_.emplace(Current{.shard = &shard,
                             .number = static_cast<std::uint32_t>(report.captures.size()),
                             .labels = rules_.for_capture(capture.name),
                             .entry = {.path = capture.name, .bytes = capture.bytes}});
    intake_.counts = {};
    intake_.begin_capture(capture.name);
    read_frames(*reader);
    intake_.finish();
    table_.finish();
    current_->entry.packets_dropped = dropped_by_name(intake_.counts.drops);
    current_->entry.tunnels = tunnels_by_name(intake_.counts.tunnels);
    if (auto const fault = reader->fault()) {
        current_->entry.fault = capture::to_text(*fault);
        base::validate(!config_.strict, base::ExitCode::bad_input, "'{}': {}", capture.name,
                       *current_->entry.fault);
    }
    report.captures.push_back(std::move(current_->entry));
}

void UnitWorker::read_frames(capture::CaptureReader& reader) {
    auto& entry = current_->entry;
    packet::Frame frame;
    std::uint64_t told = 0;
    while (reader.next(frame)) {
        take(frame);
        if (entry.packets_read % frames_between_reports == 0) {
            on_bytes_(reader.position() - std::exchange(told, reader.position()));
        }
    }
    on_bytes_(entry.bytes > told ? entry.bytes - told : 0);
}

void UnitWorker::take(packet::Frame const& frame) {
    ++current_->entry.packets_read;
    if (!intake_.take(frame)) return;
    ++current_->entry.packets_kept;
    table_.add(intake_.packet, intake_.cut());
}

void UnitWorker::keep(flow::Flow const& flow) {
    auto const packets = flow.packets.size();
    if (packets < static_cast<std::uint64_t>(config_.min_flow_packets)) {
        intake_.counts.drops.add(packet::Drop::short_flow, packets);
        current_->entry.packets_kept -= packets;
        return;
    }
    current_->labels.label(flow, labels_);
    current_->shard->add(flow, burst::split_bursts(flow, config_.burst), current_->number, labels_);
    ++current_->entry.flows;
}

}  // namespace tessera::preprocess
