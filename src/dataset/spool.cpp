#include "spool.hpp"

#include <cerrno>
#include <cstring>

#include <stdlib.h>
#include <unistd.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>

namespace tessera::dataset {

Spool::~Spool() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

void Spool::fail(char const* action, std::uint64_t bytes) const {
    auto const reason = errno;
    base::fail(base::ExitCode::environment,
               "cannot {} a temporary file in '{}' ({} bytes needed): {}", action,
               base::printable(folder_.string()), bytes,
               reason == 0 ? "it is shorter than written" : std::strerror(reason));
}

// Removed at once: the kernel frees it when the descriptor goes, also after a kill.
void Spool::open() {
    auto name = (folder_ / ".spool-XXXXXX").string();
    descriptor_ = ::mkstemp(name.data());
    if (descriptor_ < 0) fail("make", 0);
    ::unlink(name.c_str());
}

Spool::Extent Spool::append(base::ByteSpan bytes) {
    if (descriptor_ < 0) open();
    Extent const extent{size_, bytes.size()};
    while (!bytes.empty()) {
        auto const written =
            ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(size_));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail("write", bytes.size());
        size_ += static_cast<std::uint64_t>(written);
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return extent;
}

void Spool::read(std::uint64_t offset, std::span<std::byte> bytes) const {
    while (!bytes.empty()) {
        errno = 0;
        auto const got =
            ::pread(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) fail("read", bytes.size());
        offset += static_cast<std::uint64_t>(got);
        bytes = bytes.subspan(static_cast<std::size_t>(got));
    }
}

}  // namespace tessera::dataset
