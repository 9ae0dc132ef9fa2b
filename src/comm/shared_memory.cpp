#include "mpi.hpp"

#include <cerrno>
#include <cstring>
#include <random>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <tessera/base/log.hpp>
#include <tessera/comm/shared_memory.hpp>

namespace tessera::comm {

namespace {

bool on_one_node(Communicator const& comm) {
    MPI_Comm node = MPI_COMM_NULL;
    detail::check(MPI_Comm_split_type(comm.handle()->mpi, MPI_COMM_TYPE_SHARED, comm.rank(),
                                      MPI_INFO_NULL, &node),
                  "MPI_Comm_split_type");
    int size = 0;
    detail::check(MPI_Comm_size(node, &size), "MPI_Comm_size");
    MPI_Comm_free(&node);
    return size == comm.size();
}

/// What the memory is called until all ranks have opened it: nothing is left then, whatever becomes
/// of them.
class PassingName {
  public:
    PassingName() = default;
    ~PassingName() {
        if (drawn_) ::shm_unlink(text.c_str());
    }
    PassingName(PassingName const&) = delete;
    PassingName& operator=(PassingName const&) = delete;

    // Others run on the node, so that a name that can be guessed may be taken.
    void draw() {
        std::random_device device;
        text = fmt::format("/tessera-{:08x}{:08x}", device(), device());
        drawn_ = true;
    }

    std::string text;

  private:
    bool drawn_ = false;  // here, so it goes here
};

bool has_room(int descriptor, std::size_t bytes) {
    constexpr std::size_t for_others = std::size_t{1} << 20U;
    struct statvfs system {};
    return ::fstatvfs(descriptor, &system) == 0 &&
           system.f_bavail >= (bytes + for_others) / system.f_frsize;
}

/// -1 where the system gives none.
int create(std::string const& name, std::size_t bytes) {
    auto const descriptor = ::shm_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR);
    if (descriptor < 0) return -1;
    if (has_room(descriptor, bytes) && ::ftruncate(descriptor, static_cast<off_t>(bytes)) == 0) {
        return descriptor;
    }
    ::close(descriptor);
    return -1;
}

// The result is the same, so it goes on; on several nodes it is as it should be.
void warn_of_messages(std::size_t bytes, bool made) {
    base::log_warning(
        "the ranks of this node send each other messages, which is slower than memory that they "
        "share: {}",
        made ? "not all of them see the same /dev/shm; start them in one container"
             : fmt::format("/dev/shm has no room for {} MiB; give it more (docker: --shm-size)",
                           (bytes >> 20U) + 1));
}

std::span<std::byte> mapped(int descriptor, std::size_t bytes) {
    if (descriptor < 0) return {};
    auto* const place = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (place == MAP_FAILED) return {};
    return {static_cast<std::byte*>(place), bytes};
}

}  // namespace

SharedMemory::SharedMemory(int descriptor, std::size_t bytes)
    : descriptor_(descriptor), bytes_(mapped(descriptor, bytes)) {}

SharedMemory::~SharedMemory() {
    if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
    if (descriptor_ >= 0) ::close(descriptor_);
}

SharedMemory::SharedMemory(SharedMemory&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), bytes_(std::exchange(other.bytes_, {})) {}

SharedMemory& SharedMemory::operator=(SharedMemory&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(bytes_, other.bytes_);
    return *this;
}

void SharedMemory::reserve(std::size_t begin, std::size_t count) const {
    int error = EINTR;  // by any signal
    while (error == EINTR) {
        error =
            ::posix_fallocate(descriptor_, static_cast<off_t>(begin), static_cast<off_t>(count));
    }
    base::validate(error == 0, base::ExitCode::environment,
                   "cannot get memory that ranks share ({} more bytes needed in /dev/shm): {}",
                   count, std::strerror(error));
}

std::optional<SharedMemory> SharedMemory::allocate(Communicator const& comm, std::size_t bytes) {
    if (comm.size() == 1 || !agree(comm, on_one_node(comm))) return std::nullopt;
    PassingName name;
    SharedMemory memory(-1, bytes);
    agreed(comm, [&] {
        if (!comm.is_root()) return;
        name.draw();
        memory = SharedMemory(create(name.text, bytes), bytes);
    });
    broadcast(comm, name.text, 0);
    bool const made = agree(comm, !comm.is_root() || !memory.bytes_.empty());
    if (made && !comm.is_root()) {
        memory = SharedMemory(::shm_open(name.text.c_str(), O_RDWR, 0), bytes);
    }
    if (made && agree(comm, !memory.bytes_.empty())) return memory;
    if (comm.is_root()) warn_of_messages(bytes, made);
    return std::nullopt;
}

}  // namespace tessera::comm
