#include <tessera/classify/reading.hpp>

namespace tessera::classify {

void describe(base::OptionTable& options, Reading& reading) {
    options.section("preprocess")
        .add("filter", reading.filter, "BPF expression of packets to use")
        .add("share_bytes", reading.share_bytes, "size of a file that ranks read together");
    describe(options, reading.capture);
    describe(options, reading.token);
    describe(options, reading.flow);
    describe(options, reading.burst);
}

}  // namespace tessera::classify
