#include <algorithm>

#include <tessera/baseline/examples.hpp>
#include <tessera/baseline/flow_features.hpp>

namespace tessera::baseline {

namespace {

constexpr std::uint32_t largest_size = 65'535;

void append_sizes(dataset::Store const& store, dataset::FlowView const& flow, Examples& all) {
    auto const known = std::min<std::uint64_t>(flow.packets, all.packets);
    for (std::uint64_t i = 0; i < known; ++i) {
        auto const packet = store.packet(flow.first_packet + i);
        auto const size = static_cast<std::int32_t>(std::min(packet.wire_length, largest_size));
        all.sizes.push_back(packet.direction == flow::Direction::forward ? size : -size);
    }
    all.sizes.insert(all.sizes.end(), all.packets - known, 0);
}

}  // namespace

Examples examples(dataset::Store const& store, std::size_t label_set,
                  std::span<std::uint64_t const> flows, std::size_t packets) {
    Examples all;
    all.packets = packets;
    auto const columns = feature_columns(packets);
    all.features.width = columns.width();
    all.plain = columns.plain;
    all.classes = store.manifest().labels.at(label_set).classes;
    for (auto const& capture : store.manifest().captures) all.captures.push_back(capture.path);
    auto const captures = dataset::first_parts(store.manifest());
    for (auto const index : flows) {
        auto const label = store.label(index, label_set);
        if (label == dataset::no_label) continue;
        auto const flow = store.flow(index);
        all.items.push_back(
            {index, captures.at(flow.capture), label, flow.protocol, flow.responder});
        append_sizes(store, flow, all);
        all.features.add(flow_features(store, flow, packets));
    }
    return all;
}

}  // namespace tessera::baseline
