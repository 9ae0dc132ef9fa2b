#include <array>
#include <fstream>
#include <sstream>
#include <string_view>

#include <unistd.h>

#include <tessera/base/process.hpp>

namespace tessera::base {

std::string host_name() {
    std::array<char, 256> name{};  // one more than Linux allows; the last stays zero
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown host";
}

// Not getrusage: its peak begins with what the process that started this one held before exec.
std::uint64_t peak_resident_bytes() {
    constexpr std::uint64_t kibibyte = 1024;
    constexpr std::string_view key = "VmHWM:";  // "VmHWM:     1234 kB"
    std::ifstream lines("/proc/self/status");
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with(key)) continue;
        std::uint64_t count = 0;
        std::istringstream(line.substr(key.size())) >> count;
        return count * kibibyte;
    }
    return 0;
}

}  // namespace tessera::base
