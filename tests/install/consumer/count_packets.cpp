// Prints how many packets of a capture Tessera keeps: `count_packets FILE`.
#include <cstdio>
#include <variant>

#include <tessera/capture/capture_reader.hpp>
#include <tessera/packet/decode.hpp>

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    auto const reader = tessera::capture::open_capture(argv[1], {});
    tessera::packet::Frame frame;
    unsigned long kept = 0;
    while (reader->next(frame)) {
        auto const decoded = tessera::packet::decode(frame);
        kept += std::holds_alternative<tessera::packet::Packet>(decoded) ? 1 : 0;
    }
    std::printf("%lu\n", kept);
    return 0;
}
