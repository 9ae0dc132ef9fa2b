#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <tessera/base/options.hpp>
#include <tessera/base/time.hpp>
#include <tessera/batch/batch.hpp>

namespace tessera::batch {

/// What is classified, and how it is laid out in a sequence.
struct ClassifierDataConfig {
    std::string level = "flow";          ///< "flow": first packets of a flow; "packet": each alone
    std::string inputs = "both";         ///< "tokens" (ET-BERT), "sizes" (lengths, directions,
                                         ///< times and flags of packets), or "both"
    std::int64_t sequence_length = 320;  ///< ids: 320 hold five packets of 64 bytes whole
    std::int64_t packets = 5;        ///< first packets of a flow whose tokens are read (ET-BERT: 5)
    std::int64_t size_packets = 30;  ///< first packets whose sizes are read (CESNET, 2025: 30)
    std::int64_t packets_per_flow = 20;  ///< packet level: samples a flow may give
};

/// The settings as options of section "data".
void describe(base::OptionTable& options, ClassifierDataConfig& config);

/// Error(usage) names the first setting that makes no sample.
void check(ClassifierDataConfig const& config);

/// Whether the tokens of packets are read, and whether their sizes are.
bool reads_tokens(ClassifierDataConfig const& config);
bool reads_sizes(ClassifierDataConfig const& config);

/// First packets of a flow that a sample is made of.
std::int64_t packets_read(ClassifierDataConfig const& config);

struct SamplePacket {
    std::span<std::uint16_t const> tokens;
    std::uint8_t direction = 0;        ///< 0: from the flow's first sender, 1: to it
    std::uint32_t payload_length = 0;  ///< bytes on the wire
    std::uint8_t tcp_flags = 0;
    base::Nanoseconds time = 0;
};

struct ClassifierSample {
    std::vector<std::int64_t> ids;
    std::vector<std::int64_t> segments;  ///< direction of the packet an id belongs to
    std::vector<std::array<float, packet_columns>> packets;  ///< see ClassifierBatch::packets
    std::int64_t label = -1;                                 ///< -1: none
    std::uint64_t key = 0;                                   ///< see Sequences::keys
    std::uint64_t sample = 0;                                ///< see Sequences::samples
};

/// [CLS] then for each packet its tokens and [SEP]; the segment is the packet's direction. Packets
/// get equal shares of the sequence; what a short one leaves goes to the others. At packet level
/// `packets` is that one packet. Tokens of at most `config.packets` are used, sizes of at most
/// `config.size_packets`; where tokens are not read, [CLS] stands alone.
ClassifierSample make_classifier_sample(std::span<SamplePacket const> packets,
                                        ClassifierDataConfig const& config);

/// At least one sample; none longer than the sequence length.
ClassifierBatch collate(std::span<ClassifierSample const> samples,
                        ClassifierDataConfig const& config);

}  // namespace tessera::batch
