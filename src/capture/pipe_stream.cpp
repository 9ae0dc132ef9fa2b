#include "pipe_stream.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>

namespace tessera::capture {

PipeStream::PipeStream(std::filesystem::path const& path)
    : descriptor_(path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    base::validate(descriptor_ >= 0, base::ExitCode::bad_input, "cannot open '{}': {}",
                   base::printable(path.string()), std::strerror(errno));
}

PipeStream::~PipeStream() {
    ::close(descriptor_);
}

std::size_t PipeStream::read(std::span<std::byte> into) {
    for (;;) {
        auto const count = ::read(descriptor_, into.data(), into.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return fail(std::strerror(errno));
        position_ += static_cast<std::uint64_t>(count);
        return static_cast<std::size_t>(count);
    }
}

}  // namespace tessera::capture
