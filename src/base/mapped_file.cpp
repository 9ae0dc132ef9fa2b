#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/base/mapped_file.hpp>

namespace tessera::base {

namespace {

// madvise is advice on memory that the object owns: it changes no byte that a reader sees.
void advise(std::byte const* data, std::size_t size, int advice) {
    if (size > 0) ::madvise(const_cast<std::byte*>(data), size, advice);
}

}  // namespace

MappedFile::MappedFile(std::filesystem::path const& path) {
    auto const shown = printable(path.string());
    auto const descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    validate(descriptor >= 0, ExitCode::bad_input, "cannot open '{}': {}", shown,
             std::strerror(errno));
    struct stat status {};
    auto const known = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
    void* mapped = nullptr;
    if (known && status.st_size > 0) {
        size_ = static_cast<std::size_t>(status.st_size);
        mapped = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, descriptor, 0);
    }
    auto const error = errno;
    ::close(descriptor);
    validate(known, ExitCode::bad_input, "cannot read '{}': it is no regular file", shown);
    validate(mapped != MAP_FAILED, ExitCode::environment, "cannot map '{}' ({} bytes): {}", shown,
             size_, std::strerror(error));
    data_ = static_cast<std::byte const*>(mapped);
}

MappedFile::~MappedFile() {
    if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
}

void MappedFile::expect_sequential() const {
    advise(data_, size_, MADV_SEQUENTIAL);
}

void MappedFile::fetch(std::size_t offset, std::size_t size) const {
#ifdef MADV_POPULATE_READ
    auto const page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    auto const begin = offset / page * page;
    advise(data_ + begin, offset - begin + size, MADV_POPULATE_READ);
#else
    static_cast<void>(offset + size);
#endif
}

void MappedFile::release(std::size_t begin, std::size_t end) const {
    auto const page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    auto const first = begin / page * page;
    auto const last = std::min((end + page - 1) / page * page, size_);
    if (first < last) advise(data_ + first, last - first, MADV_DONTNEED);
}

}  // namespace tessera::base
