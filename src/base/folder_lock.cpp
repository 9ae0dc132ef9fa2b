#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/base/log.hpp>
#include <tessera/base/process.hpp>

namespace tessera::base {

namespace {

std::string holder_of(int descriptor) {
    std::array<char, 512> text{};
    auto const got = ::pread(descriptor, text.data(), text.size() - 1, 0);
    return got > 0 ? printable({text.data(), static_cast<std::size_t>(got)}) : "another process";
}

}  // namespace

// The kernel drops the lock with the process, so a killed job leaves no stale one behind.
FolderLock::FolderLock(std::filesystem::path const& folder) {
    auto const path = folder / ".lock";
    descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    validate(descriptor_ >= 0, ExitCode::environment, "cannot create '{}': {}",
             printable(path.string()), std::strerror(errno));
    auto const refusal = ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
    // Lustre and NFS may be mounted without locks: a job is not lost for the lack of them.
    if (refusal != 0 && refusal != EWOULDBLOCK)
        log_warning("'{}' cannot be locked ({}): a second job in it would not be noticed",
                    printable(folder.string()), std::strerror(refusal));
    if (refusal == EWOULDBLOCK) {
        auto const holder = holder_of(descriptor_);
        ::close(descriptor_);
        fail(ExitCode::usage,
             "'{}' is in use by {}: wait for that job to end, or choose another folder",
             printable(folder.string()), holder);
    }
    auto const text = fmt::format("process {} on {}", ::getpid(), host_name());
    [[maybe_unused]] auto const truncated = ::ftruncate(descriptor_, 0);
    [[maybe_unused]] auto const written = ::pwrite(descriptor_, text.data(), text.size(), 0);
}

FolderLock::~FolderLock() {
    ::close(descriptor_);
}

std::string folder_holder(std::filesystem::path const& folder) {
    auto const descriptor = ::open((folder / ".lock").c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return {};
    bool const is_free = ::flock(descriptor, LOCK_SH | LOCK_NB) == 0;
    auto holder = is_free ? std::string() : holder_of(descriptor);
    ::close(descriptor);
    return holder;
}

}  // namespace tessera::base
