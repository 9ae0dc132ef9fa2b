#include "sequences.hpp"

#include <algorithm>

#include <tessera/base/error.hpp>
#include <tessera/batch/classifier_sample.hpp>
#include <tessera/batch/special.hpp>

namespace tessera::batch {
namespace {

/// Tokens each packet may keep of `room`, by sharing out evenly what is left from the shortest
/// packet on.
std::vector<std::size_t> shares(std::span<SamplePacket const> packets, std::size_t room) {
    std::vector<std::size_t> order(packets.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return packets[a].tokens.size() < packets[b].tokens.size();
    });
    std::vector<std::size_t> kept(packets.size());
    for (std::size_t done = 0; done < order.size(); ++done) {
        auto const even = room / (order.size() - done);
        kept[order[done]] = std::min(packets[order[done]].tokens.size(), even);
        room -= kept[order[done]];
    }
    return kept;
}

void check_range(char const* name, std::int64_t value, std::int64_t low, std::int64_t high) {
    base::validate(value >= low && value <= high, base::ExitCode::usage,
                   "data.{} = {} must lie in {} .. {}", name, value, low, high);
}

std::span<SamplePacket const> first(std::span<SamplePacket const> packets, std::int64_t count) {
    return packets.first(std::min(packets.size(), static_cast<std::size_t>(count)));
}

void add_tokens(ClassifierSample& sample, std::span<SamplePacket const> packets,
                std::int64_t sequence_length) {
    auto const room = static_cast<std::size_t>(sequence_length) - 1 - packets.size();
    auto const kept = shares(packets, room);
    for (std::size_t i = 0; i < packets.size(); ++i) {
        append_ids(sample.ids, packets[i].tokens.first(kept[i]));
        sample.ids.push_back(sep_id);
        // [CLS] goes with the first packet.
        sample.segments.resize(sample.ids.size(), packets[i].direction);
    }
}

/// Seconds between two time stamps; captures may be out of order, and stamps as far apart as 2^64.
float gap(base::Nanoseconds earlier, base::Nanoseconds later) {
    if (later <= earlier) return 0;
    return static_cast<float>((static_cast<double>(later) - static_cast<double>(earlier)) * 1e-9);
}

void add_sizes(ClassifierSample& sample, std::span<SamplePacket const> packets) {
    for (std::size_t i = 0; i < packets.size(); ++i) {
        auto& row = sample.packets.emplace_back();
        row[direction_column] = packets[i].direction == 0 ? 1.0F : -1.0F;
        row[payload_column] = static_cast<float>(packets[i].payload_length);
        row[gap_column] = i == 0 ? 0.0F : gap(packets[i - 1].time, packets[i].time);
        row[flags_column] = static_cast<float>(packets[i].tcp_flags);
    }
}

/// [B, N, packet_columns], zeros where a flow has fewer packets.
torch::Tensor packet_table(std::span<ClassifierSample const> samples, std::int64_t width) {
    auto table = torch::zeros({static_cast<std::int64_t>(samples.size()), width, packet_columns});
    auto* to = table.data_ptr<float>();
    for (auto const& sample : samples) {
        auto* place = to;
        for (auto const& row : sample.packets) place = std::copy(row.begin(), row.end(), place);
        to += width * packet_columns;
    }
    return table;
}

}  // namespace

bool reads_tokens(ClassifierDataConfig const& config) {
    return config.inputs != "sizes";
}

bool reads_sizes(ClassifierDataConfig const& config) {
    return config.inputs != "tokens";
}

std::int64_t packets_read(ClassifierDataConfig const& config) {
    return std::max(reads_tokens(config) ? config.packets : 0,
                    reads_sizes(config) ? config.size_packets : 0);
}

void describe(base::OptionTable& options, ClassifierDataConfig& config) {
    options.section("data")
        .add("level", config.level, "flow: the first packets of a flow; packet: each packet alone",
             {"flow", "packet"})
        .add("inputs", config.inputs,
             "what of packets is read: tokens (as ET-BERT), sizes (with directions, times, flags), "
             "or both",
             {"tokens", "sizes", "both"})
        .add("sequence_length", config.sequence_length, "ids in a sequence, padding included")
        .add("packets", config.packets, "first packets of a flow whose tokens are read")
        .add("size_packets", config.size_packets, "first packets of a flow whose sizes are read")
        .add("packets_per_flow", config.packets_per_flow,
             "packet level: samples that one flow may give");
}

void check(ClassifierDataConfig const& config) {
    base::validate(config.level == "flow" || config.level == "packet", base::ExitCode::usage,
                   "data.level = '{}' is neither flow nor packet", config.level);
    base::validate(config.inputs == "tokens" || config.inputs == "sizes" || config.inputs == "both",
                   base::ExitCode::usage, "data.inputs = '{}' is none of tokens, sizes, both",
                   config.inputs);
    check_range("size_packets", config.size_packets, 1, 65'536);
    check_range("sequence_length", config.sequence_length, 16, 65'536);
    check_range("packets", config.packets, 1, (config.sequence_length - 1) / 2);
    check_range("packets_per_flow", config.packets_per_flow, 1, std::int64_t{1} << 31);
}

ClassifierSample make_classifier_sample(std::span<SamplePacket const> packets,
                                        ClassifierDataConfig const& config) {
    ClassifierSample sample;
    sample.ids.push_back(cls_id);
    if (reads_tokens(config)) {
        add_tokens(sample, first(packets, config.packets), config.sequence_length);
    }
    sample.segments.resize(sample.ids.size());
    if (reads_sizes(config)) add_sizes(sample, first(packets, config.size_packets));
    return sample;
}

ClassifierBatch collate(std::span<ClassifierSample const> samples,
                        ClassifierDataConfig const& config) {
    ClassifierBatch batch;
    std::vector<std::span<std::int64_t const>> ids;
    std::vector<std::span<std::int64_t const>> segments;
    std::vector<std::int64_t> labels;
    for (auto const& sample : samples) {
        ids.emplace_back(sample.ids);
        segments.emplace_back(sample.segments);
        labels.push_back(sample.label);
        batch.labelled += sample.label >= 0 ? 1 : 0;
        batch.lengths.push_back(static_cast<std::int64_t>(sample.ids.size()));
        batch.keys.push_back(sample.key);
        batch.samples.push_back(sample.sample);
    }
    auto const width = reads_tokens(config) ? config.sequence_length : 1;
    batch.tokens = filled_up(ids, width, pad_id);
    batch.segments = filled_up(segments, width, 0);
    if (reads_sizes(config)) batch.packets = packet_table(samples, config.size_packets);
    batch.labels = torch::tensor(labels, torch::kInt64);
    return batch;
}

}  // namespace tessera::batch
