#include "packet_cnn.hpp"
#include "packet_resnet.hpp"

#include <tessera/base/error.hpp>
#include <tessera/model/bert_classifier.hpp>
#include <tessera/model/classifier.hpp>
#include <tessera/model/packet_sae.hpp>

namespace tessera::model {
namespace {

/// Deep Packet's nets take single packets, whole.
void check_packets(batch::ClassifierDataConfig const& data) {
    base::validate(data.level == "packet" && data.inputs == "tokens" &&
                       data.sequence_length == packet_sequence_length,
                   base::ExitCode::usage,
                   "Deep Packet reads the bytes of single packets: data.level = packet, "
                   "data.inputs = tokens, data.sequence_length = {}",
                   packet_sequence_length);
}

}  // namespace

std::shared_ptr<Classifier> make_classifier(ClassifierConfig const& config,
                                            batch::ClassifierDataConfig const& data,
                                            std::int64_t classes) {
    check(config);
    check(data);
    base::validate(classes >= 2, base::ExitCode::usage,
                   "a classifier needs two classes or more, not {}: check the label set", classes);
    if (!reads_packet_bytes(config)) {
        return std::make_shared<BertClassifierImpl>(config, data, classes);
    }
    check_packets(data);
    if (config.model == "deep-packet-cnn") {
        return std::make_shared<PacketCnnImpl>(config.cnn(), classes);
    }
    if (config.model == "deep-packet-resnet") {
        return std::make_shared<PacketResnetImpl>(config.resnet(), classes);
    }
    return std::make_shared<PacketSaeImpl>(classes, config.tokens());
}

}  // namespace tessera::model
