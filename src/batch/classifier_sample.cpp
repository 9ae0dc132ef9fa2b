#include "sequences.hpp"

#include <algorithm>

#include <tessera/base/error.hpp>
#include <tessera/batch/classifier_sample.hpp>
#include <tessera/batch/special.hpp>

namespace tessera::batch {
namespace {

/// Tokens each packet may keep of `room`, by sharing out evenly what is left from the shortest
/// packet on.
std::vector<std::size_t> shares(std::span<PacketTokens const> packets, std::size_t room) {
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

}  // namespace

void describe(base::OptionTable& options, ClassifierDataConfig& config) {
    options.section("data")
        .add("level", config.level, "flow: the first packets of a flow; packet: each packet alone",
             {"flow", "packet"})
        .add("sequence_length", config.sequence_length, "ids in a sequence, padding included")
        .add("packets", config.packets, "first packets of a flow that are looked at")
        .add("packets_per_flow", config.packets_per_flow,
             "packet level: samples that one flow may give");
}

void check(ClassifierDataConfig const& config) {
    base::validate(config.level == "flow" || config.level == "packet", base::ExitCode::usage,
                   "data.level = '{}' is neither flow nor packet", config.level);
    check_range("sequence_length", config.sequence_length, 16, 65'536);
    check_range("packets", config.packets, 1, (config.sequence_length - 1) / 2);
    check_range("packets_per_flow", config.packets_per_flow, 1, std::int64_t{1} << 31);
}

ClassifierSample make_classifier_sample(std::span<PacketTokens const> packets,
                                        ClassifierDataConfig const& config) {
    packets = packets.first(std::min(packets.size(), static_cast<std::size_t>(config.packets)));
    auto const room = static_cast<std::size_t>(config.sequence_length) - 1 - packets.size();
    auto const kept = shares(packets, room);
    ClassifierSample sample;
    sample.ids.push_back(cls_id);
    for (std::size_t i = 0; i < packets.size(); ++i) {
        append_ids(sample.ids, packets[i].tokens.first(kept[i]));
        sample.ids.push_back(sep_id);
        // [CLS] goes with the first packet.
        sample.segments.resize(sample.ids.size(), packets[i].direction);
    }
    sample.segments.resize(sample.ids.size());
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
    batch.tokens = filled_up(ids, config.sequence_length, pad_id);
    batch.segments = filled_up(segments, config.sequence_length, 0);
    batch.labels = torch::tensor(labels, torch::kInt64);
    return batch;
}

}  // namespace tessera::batch
