#include "file_source.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>

namespace tessera::capture {

namespace {

constexpr std::size_t piece = std::size_t{256} << 10U;  // bytes at once: half of a usual L2 cache

}  // namespace

FileSource::FileSource(std::filesystem::path const& path)
    : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    auto const shown = base::printable(path.string());
    base::validate(descriptor_ >= 0, base::ExitCode::bad_input, "cannot open '{}': {}", shown,
                   std::strerror(errno));
    struct stat status {};
    bool const regular = ::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode);
    if (!regular) ::close(descriptor_);
    base::validate(regular, base::ExitCode::bad_input, "cannot read '{}': it is no regular file",
                   shown);
    size_ = until_ = static_cast<std::uint64_t>(status.st_size);
    ::posix_fadvise(descriptor_, 0, 0, POSIX_FADV_SEQUENTIAL);
}

FileSource::~FileSource() {
    ::close(descriptor_);
}

void FileSource::go_to(std::uint64_t begin, std::uint64_t until) {
    until_ = std::min(until, size_);
    auto const passed = window_.data() == nullptr ? 0 : window_.data() - buffer_.get();
    if (begin >= offset() && begin - offset() <= window_.size()) {
        skip(begin - offset());
    } else if (begin < offset() && offset() - begin <= static_cast<std::uint64_t>(passed)) {
        step_back(offset() - begin);
    } else {
        jump(begin);
    }
}

// What is left of the window moves to the buffer's front, the next piece comes behind it.
bool FileSource::refill(std::size_t count) {
    auto const left = window_.size();
    auto const there = offset() < size_ ? size_ - offset() : 0;
    if (left == there) return false;
    auto const wanted = std::max(left, std::min<std::size_t>(count, there));
    auto const more = amount_to_read(wanted - left);
    if (left + more > capacity_) {
        auto larger = std::make_unique_for_overwrite<std::byte[]>(left + more);
        std::copy(window_.begin(), window_.end(), larger.get());
        buffer_ = std::move(larger);
        capacity_ = left + more;
    } else if (left > 0) {
        std::memmove(buffer_.get(), window_.data(), left);
    }
    window_ = {buffer_.get(), left};
    read_more(more);
    return window_.size() >= count;
}

// At least what is missing; a piece where that much is wanted.
std::size_t FileSource::amount_to_read(std::size_t missing) const {
    auto const end = offset() + window_.size();
    auto const wanted = until_ > end ? std::min<std::uint64_t>(piece, until_ - end) : 0;
    return std::max<std::size_t>(missing, wanted);
}

void FileSource::read_more(std::size_t count) {
    auto const filled = window_.size();
    std::size_t got = 0;
    while (got < count) {
        auto const read = ::pread(descriptor_, buffer_.get() + filled + got, count - got,
                                  static_cast<off_t>(offset() + filled + got));
        if (read < 0 && errno == EINTR) continue;
        if (read <= 0) fail_to_read(offset() + filled + got, read < 0 ? errno : 0);
        got += static_cast<std::size_t>(read);
    }
    window_ = {buffer_.get(), filled + got};
}

// No shorter capture: what was read so far is of no use, and who asked for it has to know.
void FileSource::fail_to_read(std::uint64_t at, int error) const {
    base::fail(base::ExitCode::environment,
               "cannot read '{}' from byte {} on ({} bytes needed): {}",
               base::printable(path_.string()), at, size_ - at,
               error == 0 ? "it was cut short while it was read" : std::strerror(error));
}

}  // namespace tessera::capture
