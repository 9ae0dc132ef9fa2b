#pragma once

#include <array>
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

    /// IPv4 addresses of a node in network order, 0 where there are fewer. Not its name: compute
    /// nodes do not always know each other's.
    using Hosts = std::array<std::uint32_t, 8>;

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

    int descriptor() const { return descriptor_; }

    /// Listens on a port that the system chooses. Error(environment).
    static WatchSocket listening(Reach reach);
    std::uint16_t port() const;

    /// The next connection, none when nobody asks.
    std::optional<WatchSocket> accepted() const;

    /// Where such a socket is reached: the loopback, or every other address of this node.
    static Hosts own_hosts(Reach reach);

    /// A connection to the first of `hosts` that answers; none within `seconds`: nothing.
    static std::optional<WatchSocket> connected(Hosts const& hosts, std::uint16_t port,
                                                double seconds);

    /// False when the connection is gone, or its buffer full: what was sent is then of no use.
    bool send(std::span<std::byte const> bytes) const;

    /// Bytes received, 0: none now, none: the connection is gone.
    std::optional<std::size_t> receive(std::span<std::byte> bytes) const;

  private:
    int descriptor_ = -1;
};

/// "10.0.0.1, 192.168.1.1"
std::string to_text(WatchSocket::Hosts const& hosts);

}  // namespace tessera::comm
