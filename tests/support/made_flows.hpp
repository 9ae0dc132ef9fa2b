#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <tessera/base/random.hpp>
#include <tessera/burst/burst.hpp>
#include <tessera/dataset/shard_writer.hpp>
#include <tessera/dataset/store.hpp>
#include <tessera/flow/flow.hpp>

// Flows made by hand or at random, and stores of them, for the tests of several stages.
namespace tessera::test {

inline packet::Endpoint endpoint_v4(std::uint8_t host, std::uint16_t port) {
    packet::Endpoint endpoint;
    endpoint.address.bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, host};
    endpoint.port = port;
    return endpoint;
}

inline void add_packet(flow::Flow& flow, flow::Direction direction, base::Nanoseconds time,
                       std::vector<std::uint8_t> const& bytes, std::uint32_t wire_length) {
    flow::FlowPacket packet;
    packet.time = time;
    packet.wire_length = wire_length;
    packet.payload_length = wire_length - 42;
    packet.bytes_begin = static_cast<std::uint32_t>(flow.bytes.size());
    packet.bytes_size = static_cast<std::uint16_t>(bytes.size());
    packet.direction = direction;
    for (auto const byte : bytes) flow.bytes.push_back(std::byte{byte});
    flow.packets.push_back(packet);
}

/// A flow between two endpoints that differ; `initiator` sends first.
inline flow::Flow flow_between(packet::Endpoint initiator, packet::Endpoint responder,
                               packet::Protocol protocol = packet::Protocol::udp) {
    flow::Flow flow;
    flow.key = {std::min(initiator, responder), std::max(initiator, responder), protocol};
    flow.low_sent_first = initiator < responder;
    return flow;
}

/// The flow of the worked example in datasets/FORMAT.md.
inline flow::Flow example_flow() {
    auto flow = flow_between(endpoint_v4(1, 5000), endpoint_v4(2, 53));
    add_packet(flow, flow::Direction::forward, 1'000'000'000, {0x45, 0x00, 0x00, 0x1d}, 43);
    add_packet(flow, flow::Direction::backward, 2'000'000'000, {0x45, 0x00, 0x00, 0x1e}, 44);
    return flow;
}

/// A flow with everything at random: up to 40 packets of up to 64 bytes, some of none.
inline flow::Flow random_flow(base::RandomStream& random) {
    auto const host = [&] { return static_cast<std::uint8_t>(random.below(250) + 1); };
    auto const port = [&] { return static_cast<std::uint16_t>(random.below(65'536)); };
    auto const protocol = random.below(2) == 0 ? packet::Protocol::tcp : packet::Protocol::udp;
    auto flow = flow_between(endpoint_v4(host(), port()), endpoint_v4(host(), port()), protocol);
    auto const packets = 1 + random.below(40);
    auto time = static_cast<base::Nanoseconds>(random.below(1'000'000'000'000));
    for (std::uint64_t i = 0; i < packets; ++i) {
        std::vector<std::uint8_t> bytes(random.below(65));
        for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random.below(256));
        auto const back = i > 0 && random.below(2) == 1;
        time += static_cast<base::Nanoseconds>(random.below(2'000'000));
        add_packet(flow, back ? flow::Direction::backward : flow::Direction::forward, time, bytes,
                   static_cast<std::uint32_t>(42 + random.below(1400)));
        flow.packets.back().tcp_flags = static_cast<std::uint8_t>(random.below(256));
    }
    flow.end = static_cast<flow::FlowEnd>(random.below(dataset::flow_end_kinds));
    return flow;
}

/// A flow of a store to be, with its place and classes.
struct MadeFlow {
    flow::Flow flow;
    std::uint32_t capture = 0;  ///< within its unit
    std::vector<std::int32_t> labels;
};

/// A unit to be: display names of its captures and the flows in them.
struct MadeUnit {
    std::vector<std::string> captures;
    std::vector<MadeFlow> flows;
    std::uint32_t part = 0;  ///< of the captures, where they stand in several units
    std::uint32_t parts = 1;
};

inline dataset::UnitReport write_unit(base::FileSystem& files, std::filesystem::path const& folder,
                                      std::size_t number, MadeUnit const& unit,
                                      std::vector<std::string> const& label_sets,
                                      std::uint64_t memory = 4U << 20U) {
    dataset::ShardSettings settings;
    settings.folder = folder;
    settings.number = number;
    settings.identity = dataset::token_identity({});
    settings.label_sets = label_sets;
    settings.memory = memory;
    dataset::ShardWriter writer(files, settings);
    dataset::UnitReport report;
    for (auto const& capture : unit.captures) {
        report.captures.push_back({capture, 1000, 1, 0, {{"not_ip", 1}}, 0, std::nullopt});
        report.captures.back().part = unit.part;
        report.captures.back().parts = unit.parts;
    }
    for (auto const& [flow, capture, labels] : unit.flows) {
        writer.add(flow, burst::split_bursts(flow, {}), capture, labels);
        auto& entry = report.captures.at(capture);
        entry.packets_read += flow.packets.size();
        entry.packets_kept += flow.packets.size();
        ++entry.flows;
    }
    report.shard = writer.finish();
    return report;
}

/// Writes a whole store; `sets` bring names and classes.
inline dataset::Manifest write_store(base::FileSystem& files, std::filesystem::path const& folder,
                                     std::vector<MadeUnit> const& units,
                                     std::vector<dataset::LabelSet> const& sets,
                                     std::uint64_t memory = 4U << 20U) {
    std::vector<std::string> names;
    for (auto const& set : sets) names.push_back(set.name);
    std::vector<dataset::UnitReport> reports;
    for (auto const& unit : units) {
        auto const report = write_unit(files, folder, reports.size(), unit, names, memory);
        reports.push_back(dataset::unit_report_from(dataset::to_text(report)));
    }
    auto manifest = dataset::assemble(std::move(reports), dataset::token_identity({}), sets,
                                      "[token]\ntokenizer = \"bigram\"\n");
    manifest.index = dataset::write_index(files, folder, manifest);
    manifest.checksum = dataset::publish_manifest(files, folder, manifest);
    return manifest;
}

/// Units of random flows over a few captures each, with one label set of three classes.
inline std::vector<MadeUnit> random_units(std::uint64_t seed, std::size_t units,
                                          std::size_t flows_each) {
    std::vector<MadeUnit> made;
    for (std::size_t u = 0; u < units; ++u) {
        base::RandomStream random(seed, base::Purpose::test, 0, u);
        MadeUnit unit;
        for (auto const* name : {"a.pcap", "b.pcap", "c.pcap"}) {
            unit.captures.push_back("run" + std::to_string(u + 1) + "/" + name);
        }
        for (std::size_t f = 0; f < flows_each; ++f) {
            auto const label = static_cast<std::int32_t>(random.below(4)) - 1;
            unit.flows.push_back(
                {random_flow(random), static_cast<std::uint32_t>(random.below(3)), {label}});
        }
        made.push_back(std::move(unit));
    }
    return made;
}

inline std::vector<dataset::LabelSet> three_classes() {
    return {{"service", {"mail", "shell", "web"}, {}, 0}};
}

}  // namespace tessera::test
