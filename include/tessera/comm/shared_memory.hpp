#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include <tessera/comm/communicator.hpp>

namespace tessera::comm {

/// Memory of the node that all ranks of a group see, beginning at a page. What one rank writes
/// another reads only behind a barrier, or an atomic that both use. It is POSIX shared memory and
/// not a window of MPI's: Open MPI hangs where there is too little of it, and gives some that is
/// not there.
class SharedMemory {
  public:
    /// Every rank calls it. None, on all of them, where they are on several nodes or in containers
    /// that share no /dev/shm, where that has no such room, and for a single rank.
    static std::optional<SharedMemory> allocate(Communicator const& comm, std::size_t bytes);

    ~SharedMemory();
    SharedMemory(SharedMemory&& other) noexcept;
    SharedMemory& operator=(SharedMemory&& other) noexcept;

    std::span<std::byte> bytes() const { return bytes_; }

    /// Before the first use of a stretch: takes room for it, zeros. Error(environment) when there
    /// is none left; a write into it would end the process.
    void reserve(std::size_t begin, std::size_t count) const;

  private:
    SharedMemory(int descriptor, std::size_t bytes);

    int descriptor_;
    std::span<std::byte> bytes_;  // none: the system gave none
};

}  // namespace tessera::comm
