#include <tessera/base/error.hpp>
#include <tessera/model/classifier_config.hpp>

namespace tessera::model {
namespace {

void check(PacketSequenceConfig const& config) {
    auto const fits = [](std::int64_t value) { return value >= 1 && value <= 4096; };
    base::validate(fits(config.width) && fits(config.layers) && fits(config.kernel),
                   base::ExitCode::usage,
                   "model.packet_width, packet_layers and packet_kernel must lie in 1 .. 4096");
    base::validate(config.kernel % 2 == 1, base::ExitCode::usage,
                   "model.packet_kernel = {} must be odd", config.kernel);
    base::validate(config.dropout >= 0 && config.dropout < 1, base::ExitCode::usage,
                   "model.packet_dropout = {} must be at least 0 and below 1", config.dropout);
    base::validate(config.exact_sizes >= 0 && config.exact_sizes <= 65'535, base::ExitCode::usage,
                   "model.packet_exact_sizes = {} must lie in 0 .. 65535", config.exact_sizes);
}

DeepPacketTask task_of(ClassifierConfig const& config) {
    return config.deep_packet_task == "traffic" ? DeepPacketTask::traffic
                                                : DeepPacketTask::application;
}

}  // namespace

PacketCnnConfig::PacketCnnConfig(DeepPacketTask task)
    : kernel1(task == DeepPacketTask::application ? 4 : 5),
      stride1(3),
      kernel2(task == DeepPacketTask::application ? 5 : 4),
      stride2(task == DeepPacketTask::application ? 1 : 3) {}

PacketResnetConfig::PacketResnetConfig(DeepPacketTask task)
    : kernel(task == DeepPacketTask::application ? 4 : 5) {}

PacketCnnConfig ClassifierConfig::cnn() const {
    PacketCnnConfig config(task_of(*this));
    config.channels1 = cnn_channels1;
    config.channels2 = cnn_channels2;
    config.tokens = tokens();
    return config;
}

PacketResnetConfig ClassifierConfig::resnet() const {
    PacketResnetConfig config(task_of(*this));
    config.tokens = tokens();
    return config;
}

ByteTokens ClassifierConfig::tokens() const {
    return byte_tokens == "bytes" ? ByteTokens::bytes : ByteTokens::bigrams;
}

bool reads_packet_bytes(ClassifierConfig const& config) {
    return config.model != "et-bert";
}

void describe(base::OptionTable& options, ClassifierConfig& config) {
    options.section("model").add(
        "model", config.model,
        "which classifier; those of Deep Packet read up to 1,500 bytes of single packets, as many "
        "as the store keeps",
        {"et-bert", "deep-packet-cnn", "deep-packet-resnet", "deep-packet-sae"});
    describe(options, config.bert);
    options.section("model")
        .add("packet_width", config.packets.width, "sizes: width of a packet's vector")
        .add("packet_layers", config.packets.layers, "sizes: convolutions over packets")
        .add("packet_kernel", config.packets.kernel, "sizes: packets one convolution sees; odd")
        .add("packet_dropout", config.packets.dropout, "sizes: share dropped")
        .add("packet_exact_sizes", config.packets.exact_sizes,
             "sizes: payload bytes up to which each size has a vector of its own, beside the code "
             "that tells near sizes to be alike; 0: none")
        .add("deep_packet_task", config.deep_packet_task,
             "kernels of Deep Packet's nets: those its authors chose for this task",
             {"application", "traffic"})
        .add("cnn_channels1", config.cnn_channels1, "Deep Packet CNN: first convolution")
        .add("cnn_channels2", config.cnn_channels2, "Deep Packet CNN: second convolution")
        .add("byte_tokens", config.byte_tokens,
             "Deep Packet: what the tokens are; set by the store's tokenizer",
             {"bytes", "bigrams"});
}

void check(ClassifierConfig const& config) {
    check(config.bert);
    check(config.packets);
    auto const fits = [](std::int64_t value) { return value >= 1 && value <= 4096; };
    base::validate(fits(config.cnn_channels1) && fits(config.cnn_channels2), base::ExitCode::usage,
                   "model.cnn_channels1 and cnn_channels2 must lie in 1 .. 4096");
}

}  // namespace tessera::model
