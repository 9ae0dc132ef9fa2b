// Input: a file; what does not begin with a section header is left alone.
#include "pcapng_reader.hpp"
#include "reader_check.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace tessera;
    if (!capture::begins_pcapng({reinterpret_cast<std::byte const*>(data), size})) return 0;
    fuzz::check_reader<capture::PcapngReader>(data, size);
    return 0;
}
