#include <array>

#include <sys/resource.h>
#include <unistd.h>

#include <tessera/base/process.hpp>

namespace tessera::base {

std::string host_name() {
    std::array<char, 256> name{};  // one more than Linux allows; the last stays zero
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown host";
}

std::uint64_t peak_resident_bytes() {
    constexpr std::uint64_t kibibyte = 1024;  // the unit of ru_maxrss on Linux
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return static_cast<std::uint64_t>(usage.ru_maxrss) * kibibyte;
}

}  // namespace tessera::base
