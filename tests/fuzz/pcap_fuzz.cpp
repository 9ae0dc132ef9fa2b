// Input: a file; what does not begin with one of the magic numbers is left alone.
#include "pcap_reader.hpp"
#include "reader_check.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace tessera;
    if (!capture::begins_pcap({reinterpret_cast<std::byte const*>(data), size})) return 0;
    fuzz::check_reader<capture::PcapReader>(data, size);
    return 0;
}
