#include <algorithm>
#include <span>
#include <string>

#include <tessera/base/hash.hpp>
#include <tessera/loader/flow_input.hpp>

namespace tessera::loader {

namespace {

// Number and bytes of the values, so that no two lists of them run together alike.
template <class Value>
void append(std::string& image, std::vector<Value> const& values) {
    auto const count = values.size();
    image.append(reinterpret_cast<char const*>(&count), sizeof count);
    auto const bytes = std::as_bytes(std::span(values));
    image.append(reinterpret_cast<char const*>(bytes.data()), bytes.size());
}

void append_sample(std::string& image, dataset::Store const& store, std::uint64_t first,
                   std::uint64_t count, batch::ClassifierDataConfig const& config) {
    auto sample = batch::make_classifier_sample(sample_packets(store, first, count), config);
    for (auto& packet : sample.packets) packet[batch::gap_column] = 0;
    append(image, sample.ids);
    append(image, sample.segments);
    append(image, sample.packets);
}

}  // namespace

std::vector<batch::SamplePacket> sample_packets(dataset::Store const& store, std::uint64_t first,
                                                std::uint64_t count) {
    std::vector<batch::SamplePacket> packets;
    for (std::uint64_t i = 0; i < count; ++i) {
        auto const packet = store.packet(first + i);
        packets.push_back({packet.tokens, static_cast<std::uint8_t>(packet.direction),
                           packet.payload_length, packet.tcp_flags, packet.time});
    }
    return packets;
}

std::optional<std::uint64_t> flow_input_hash(dataset::Store const& store, std::uint64_t flow,
                                             batch::ClassifierDataConfig const& config) {
    auto const view = store.flow(flow);
    if (view.tokens.empty()) return std::nullopt;
    std::string image;
    if (config.level == "packet") {
        auto const packets =
            std::min(view.packets, static_cast<std::uint64_t>(config.packets_per_flow));
        for (std::uint64_t i = 0; i < packets; ++i) {
            if (store.packet(view.first_packet + i).tokens.empty()) continue;
            append_sample(image, store, view.first_packet + i, 1, config);
        }
        if (image.empty()) return std::nullopt;
    } else {
        auto const packets =
            std::min(view.packets, static_cast<std::uint64_t>(packets_read(config)));
        append_sample(image, store, view.first_packet, packets, config);
    }
    return base::hash64(std::as_bytes(std::span(image)), 0);
}

}  // namespace tessera::loader
