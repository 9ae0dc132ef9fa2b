#include "mpi.hpp"

#include <cstdint>
#include <utility>

#include <tessera/comm/shared_memory.hpp>

namespace tessera::comm {

namespace {

/// The ranks of a group that run on this node, as a group of their own.
class NodeGroup {
  public:
    explicit NodeGroup(Communicator const& comm) {
        detail::check(MPI_Comm_split_type(comm.handle()->mpi, MPI_COMM_TYPE_SHARED, comm.rank(),
                                          MPI_INFO_NULL, &mpi),
                      "MPI_Comm_split_type");
        MPI_Comm_set_errhandler(mpi, MPI_ERRORS_RETURN);
    }
    ~NodeGroup() { MPI_Comm_free(&mpi); }
    NodeGroup(NodeGroup const&) = delete;
    NodeGroup& operator=(NodeGroup const&) = delete;

    bool has_all_of(Communicator const& comm) const {
        int size = 0;
        detail::check(MPI_Comm_size(mpi, &size), "MPI_Comm_size");
        return size == comm.size();
    }

    MPI_Comm mpi = MPI_COMM_NULL;
};

constexpr std::size_t line = 64;  // bytes of a cache line

/// Systems map memory by pages, so this is the same place in every process.
std::byte* at_line(std::byte* place) {
    auto const over = reinterpret_cast<std::uintptr_t>(place) % line;
    return over == 0 ? place : place + (line - over);
}

}  // namespace

struct SharedMemory::Window {
    MPI_Win window = MPI_WIN_NULL;
    std::span<std::byte> bytes;

    ~Window() {
        if (window == MPI_WIN_NULL) return;
        MPI_Win_unlock_all(window);
        MPI_Win_free(&window);
    }
};

SharedMemory::SharedMemory(std::unique_ptr<Window> window) : window_(std::move(window)) {}
SharedMemory::~SharedMemory() = default;
SharedMemory::SharedMemory(SharedMemory&&) noexcept = default;
SharedMemory& SharedMemory::operator=(SharedMemory&&) noexcept = default;

std::span<std::byte> SharedMemory::bytes() const {
    return window_->bytes;
}

// The first rank has all of it; a window that not every rank got is left, as it cannot be given
// back.
std::optional<SharedMemory> SharedMemory::allocate(Communicator const& comm, std::size_t bytes) {
    if (comm.size() == 1) return std::nullopt;
    NodeGroup const node(comm);
    if (!agree(comm, node.has_all_of(comm))) return std::nullopt;
    MPI_Win window = MPI_WIN_NULL;
    std::byte* own = nullptr;
    auto const share = static_cast<MPI_Aint>(comm.is_root() ? bytes + line : 0);
    bool const made =
        MPI_Win_allocate_shared(share, 1, MPI_INFO_NULL, node.mpi, &own, &window) == MPI_SUCCESS;
    if (!agree(comm, made)) return std::nullopt;
    MPI_Aint size = 0;
    int unit = 0;
    std::byte* first = nullptr;
    detail::check(MPI_Win_shared_query(window, 0, &size, &unit, &first), "MPI_Win_shared_query");
    detail::check(MPI_Win_lock_all(MPI_MODE_NOCHECK, window), "MPI_Win_lock_all");
    auto held = std::make_unique<Window>();
    held->window = window;
    held->bytes = {at_line(first), bytes};
    return SharedMemory(std::move(held));
}

}  // namespace tessera::comm
