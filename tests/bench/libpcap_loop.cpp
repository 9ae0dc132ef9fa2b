// The peer of `tessera bench preprocess`: reads every packet of a capture with libpcap and adds up
// their lengths. Prints {"packets": n, "bytes": n}.
#include <cstdint>
#include <cstdio>

#include <pcap/pcap.h>

int main(int argc, char** argv) {
    char error[PCAP_ERRBUF_SIZE];
    auto* capture = argc == 2 ? pcap_open_offline(argv[1], error) : nullptr;
    if (capture == nullptr) {
        std::fprintf(stderr, "usage: libpcap_loop CAPTURE\n");
        return 2;
    }
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    pcap_pkthdr* header = nullptr;
    unsigned char const* data = nullptr;
    while (pcap_next_ex(capture, &header, &data) == 1) {
        ++packets;
        bytes += header->caplen;
    }
    pcap_close(capture);
    std::printf("{\"packets\": %llu, \"bytes\": %llu}\n", static_cast<unsigned long long>(packets),
                static_cast<unsigned long long>(bytes));
    return 0;
}
