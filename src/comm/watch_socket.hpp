#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace tessera::comm {

/// A TCP socket that never blocks; closed on destruction.
class WatchSocket {
  public:
    enum class Reach { this_node, all_nodes };

    explicit WatchSocket(int descriptor) : descriptor_(descriptor) {}
    ~WatchSocket();
    WatchSocket(WatchSocket&& other) noexcept : descriptor_(other.descriptor_) {
        other.descriptor_ = -1;
    }
    WatchSocket(WatchSocket const&) = delete;
    WatchSocket& operator=(WatchSocket const&) = delete;
    WatchSocket& operator=(WatchSocket&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }

    /// Listens on a port that the system chooses. Error(environment).
    static WatchSocket listening(Reach reach);
    std::uint16_t port() const;

    /// The next connection, none when nobody asks.
    std::optional<WatchSocket> accepted() const;

    /// None when the other side cannot be reached within `seconds`.
    static std::optional<WatchSocket> connected(std::string const& host, std::uint16_t port,
                                                double seconds);

    /// False when the connection is gone, or its buffer full: what was sent is then of no use.
    bool send(std::span<std::byte const> bytes) const;

    /// Bytes received, 0: none now, none: the connection is gone.
    std::optional<std::size_t> receive(std::span<std::byte> bytes) const;

  private:
    int descriptor_ = -1;
};

/// Name of this node, as others may look it up.
std::string node_name();

}  // namespace tessera::comm
