#include "file_checksum.hpp"
#include "shard_buffers.hpp"
#include "shard_file.hpp"

#include <array>

#include <tessera/base/error.hpp>
#include <tessera/base/publish_all.hpp>
#include <tessera/dataset/shard_writer.hpp>

namespace tessera::dataset {

namespace {

namespace fs = std::filesystem;
using base::ExitCode;

void check(ShardSettings const& settings) {
    base::validate(settings.number < max_shards, ExitCode::usage,
                   "more than {} shards: make the work units larger", max_shards);
    base::validate(settings.label_sets.size() <= max_label_sets, ExitCode::usage,
                   "{} label sets, at most {} can be stored", settings.label_sets.size(),
                   max_label_sets);
    for (auto const& set : settings.label_sets) {
        base::validate(is_plain_name(set), ExitCode::usage,
                       "label set '{}': a name is 1 to 64 of a-z 0-9 _ -", base::printable(set));
    }
}

// HDF5 copes badly with a disk that fills up while it writes; the size is known, so ask first.
void check_space(fs::path const& path, std::vector<ShardDataset> const& datasets,
                 std::uint64_t there_already) {
    std::uint64_t needed = 0;
    for (auto const& dataset : datasets) needed += dataset.bytes();
    needed -= there_already;
    std::error_code unknown;
    auto const space = fs::space(path.parent_path(), unknown);
    base::validate(unknown || space.available >= needed, ExitCode::environment,
                   "cannot write '{}': {} bytes needed, {} free on that file system",
                   base::printable(path.string()), needed, space.available);
}

}  // namespace

ShardWriter::ShardWriter(base::FileSystem& files, ShardSettings settings)
    : files_(&files), settings_(std::move(settings)) {
    check(settings_);
    buffers_ = std::make_unique<ShardBuffers>(
        *files_, settings_.folder / shard_file(settings_.number), settings_.tokenizer,
        settings_.label_sets.size(), settings_.memory, settings_.anonymiser);
    buffers_->expect(settings_.expected_packets);
}

ShardWriter::~ShardWriter() = default;
ShardWriter::ShardWriter(ShardWriter&&) noexcept = default;
ShardWriter& ShardWriter::operator=(ShardWriter&&) noexcept = default;

void ShardWriter::add(flow::Flow const& flow, std::span<burst::Burst const> bursts,
                      std::uint32_t capture, std::span<std::int32_t const> labels) {
    buffers_->add(flow, bursts, capture, labels);
}

ShardSummary ShardWriter::write() {
    ShardSummary summary;
    auto& entry = summary.entry;
    entry.file = shard_file(settings_.number);
    buffers_->finish();
    entry.counts = buffers_->counts();
    auto const path = settings_.folder / entry.file;
    auto const aside = base::aside_of(path);
    try {
        check_space(path, shard_datasets(entry.counts, settings_.label_sets),
                    buffers_->tokens_in_place());
        entry.columns = write_shard_file(aside, settings_, *buffers_);
        entry.bytes = fs::file_size(aside);
        entry.checksum = file_checksum(aside);
    } catch (...) {
        std::error_code ignored;
        fs::remove(aside, ignored);
        throw;
    }
    summary.flow_ends = buffers_->flow_ends;
    summary.labels = buffers_->label_flows;
    buffers_.reset();
    return summary;
}

ShardSummary ShardWriter::finish() {
    auto summary = write();
    std::array const paths{settings_.folder / summary.entry.file};
    base::publish_all(*files_, paths);
    return summary;
}

}  // namespace tessera::dataset
