#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <tessera/batch/classifier_sample.hpp>
#include <tessera/dataset/store.hpp>

namespace tessera::loader {

/// Packets [first, first + count) of the store, as a sample is made of them.
std::vector<batch::SamplePacket> sample_packets(dataset::Store const& store, std::uint64_t first,
                                                std::uint64_t count);

/// XXH3-64 of what a classifier with these settings reads of a flow: ids, directions, sizes and
/// flags of the packets it looks at; at packet level of each packet that may be a sample. Times are
/// left out, as no two flows have them alike. None where the flow gives no sample.
std::optional<std::uint64_t> flow_input_hash(dataset::Store const& store, std::uint64_t flow,
                                             batch::ClassifierDataConfig const& config);

}  // namespace tessera::loader
