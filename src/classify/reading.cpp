#include <tessera/classify/reading.hpp>

namespace tessera::classify {

void describe(base::OptionTable& options, Reading& reading) {
    options.section("preprocess")
        .add("filter", reading.filter, "BPF expression of packets to use")
        .add("anonymise", reading.anonymise, "key of the store's addresses")
        .add("leave_out", reading.leave_out, "protocols to leave out")
        .add("min_flow_packets", reading.min_flow_packets, "least packets of a stored flow")
        .add("join", reading.join, "captures that are one in several files")
        .add("share_bytes", reading.share_bytes, "size of a file that ranks read together")
        .add("share_parts", reading.share_parts, "parts of such a file");
    describe(options, reading.capture);
    describe(options, reading.token);
    describe(options, reading.flow);
    describe(options, reading.fragments);
    describe(options, reading.burst);
}

}  // namespace tessera::classify
