#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>

#include <tessera/comm/communicator.hpp>

namespace tessera::comm {

/// Memory that all ranks of a group see, through MPI's windows, beginning at a cache line; what is
/// in it at first is not said. What one rank writes another reads only behind a barrier, or an
/// atomic that both use.
class SharedMemory {
  public:
    /// Every rank calls it. None, on all of them, where they are on several nodes, where the system
    /// gives no such memory, and for a single rank.
    static std::optional<SharedMemory> allocate(Communicator const& comm, std::size_t bytes);

    /// Every rank gives its own back at the same place of the program: MPI waits for all of them.
    ~SharedMemory();
    SharedMemory(SharedMemory&&) noexcept;
    SharedMemory& operator=(SharedMemory&&) noexcept;

    std::span<std::byte> bytes() const;

  private:
    struct Window;
    explicit SharedMemory(std::unique_ptr<Window> window);

    std::unique_ptr<Window> window_;
};

}  // namespace tessera::comm
