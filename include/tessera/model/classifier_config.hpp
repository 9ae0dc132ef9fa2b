#pragma once

#include <cstdint>
#include <string>

#include <tessera/base/options.hpp>
#include <tessera/model/bert_config.hpp>

namespace tessera::model {

/// The part that reads sizes, directions, times and flags of a flow's first packets.
struct PacketSequenceConfig {
    std::int64_t width = 64;          ///< of a packet's vector
    std::int64_t layers = 2;          ///< convolutions over neighbouring packets
    std::int64_t kernel = 5;          ///< packets one convolution sees; odd
    double dropout = 0.1;             ///< after each convolution and before the output
    std::int64_t exact_sizes = 1500;  ///< payload bytes that have a vector of their own; 0: none
};

/// Bytes of a packet that Deep Packet reads: its IP header and 1480 bytes (Lotfollahi 2017, 4.2).
inline constexpr std::int64_t packet_bytes = 1500;

/// Ids of a sample for Deep Packet: [CLS], the bytes, [SEP].
inline constexpr std::int64_t packet_sequence_length = packet_bytes + 2;

/// Which of Deep Packet's two tasks a net is shaped for: the authors chose kernels for each.
enum class DeepPacketTask { application, traffic };

/// What the tokens of a packet are: its bytes, or its overlapping bigrams (the same bytes, told
/// twice). Deep Packet reads either, so one store serves it and ET-BERT.
enum class ByteTokens { bytes, bigrams };

/// Convolutions of Deep Packet's net: channels, kernels and strides (Lotfollahi 2017, table 2).
struct PacketCnnConfig {
    explicit PacketCnnConfig(DeepPacketTask task = DeepPacketTask::application);

    std::int64_t channels1 = 200;
    std::int64_t kernel1;
    std::int64_t stride1;
    std::int64_t channels2 = 200;
    std::int64_t kernel2;
    std::int64_t stride2;
    ByteTokens tokens = ByteTokens::bytes;
};

/// The residual net of munhouiani/Deep-Packet.
struct PacketResnetConfig {
    explicit PacketResnetConfig(DeepPacketTask task = DeepPacketTask::application);

    std::int64_t kernel;
    std::int64_t filters = 16;
    std::int64_t blocks = 4;
    ByteTokens tokens = ByteTokens::bytes;
};

/// A classifier of flows or packets.
struct ClassifierConfig {
    std::string model = "et-bert";
    BertConfig bert;
    PacketSequenceConfig packets;
    std::string deep_packet_task = "application";
    std::int64_t cnn_channels1 = 200;
    std::int64_t cnn_channels2 = 200;
    std::string byte_tokens = "bigrams";  ///< finetune sets it by the store's tokenizer

    PacketCnnConfig cnn() const;
    PacketResnetConfig resnet() const;
    ByteTokens tokens() const;
};

/// True for the nets of Deep Packet: they read the bytes of one packet and nothing else.
bool reads_packet_bytes(ClassifierConfig const& config);

/// The settings as options of section "model".
void describe(base::OptionTable& options, ClassifierConfig& config);

/// Error(usage) names the first setting that makes no model.
void check(ClassifierConfig const& config);

}  // namespace tessera::model
