#include "watch_socket.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <tessera/base/error.hpp>
#include <tessera/base/time.hpp>

namespace tessera::comm {

namespace {

constexpr int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
constexpr int waiting_connections = 128;

sockaddr const* generic(sockaddr_in const& address) {
    return static_cast<sockaddr const*>(static_cast<void const*>(&address));
}

void require(bool done, char const* call) {
    base::validate(done, base::ExitCode::environment, "the watchdog's {} failed: {}", call,
                   std::strerror(errno));
}

sockaddr_in address_of(std::uint32_t host, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = host;
    address.sin_port = htons(port);
    return address;
}

/// True when the connection that was begun stands.
bool stands(int descriptor) {
    int error = 0;
    socklen_t size = sizeof error;
    return ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

/// Sockets that are being connected, one an address.
std::vector<WatchSocket> begun(WatchSocket::Hosts const& hosts, std::uint16_t port) {
    std::vector<WatchSocket> sockets;
    for (auto const host : hosts) {
        if (host == 0) break;
        WatchSocket socket(::socket(AF_INET, type, 0));
        auto const address = address_of(host, port);
        if (::connect(socket.descriptor(), generic(address), sizeof address) == 0 ||
            errno == EINPROGRESS)
            sockets.push_back(std::move(socket));
    }
    return sockets;
}

/// The socket that stands first, the number of sockets when none does before `seconds` are over.
std::size_t first_standing(std::vector<WatchSocket> const& sockets, double seconds) {
    std::vector<pollfd> waiting;
    for (auto const& socket : sockets)
        waiting.push_back({.fd = socket.descriptor(), .events = POLLOUT, .revents = 0});
    base::Stopwatch const watch;
    for (auto left = seconds; left > 0; left = seconds - watch.seconds()) {
        if (::poll(waiting.data(), waiting.size(), static_cast<int>(left * 1e3)) <= 0) continue;
        for (std::size_t i = 0; i < waiting.size(); ++i) {
            if (waiting[i].revents == 0) continue;
            if (stands(waiting[i].fd)) return i;
            waiting[i].fd = -1;  // refused: poll passes over it
        }
        if (std::ranges::all_of(waiting, [](auto const& one) { return one.fd < 0; })) break;
    }
    return sockets.size();
}

}  // namespace

WatchSocket::~WatchSocket() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

WatchSocket WatchSocket::listening(Reach reach) {
    WatchSocket result(::socket(AF_INET, type, 0));
    require(result.descriptor_ >= 0, "socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(reach == Reach::this_node ? INADDR_LOOPBACK : INADDR_ANY);
    require(::bind(result.descriptor_, generic(address), sizeof address) == 0, "bind");
    require(::listen(result.descriptor_, waiting_connections) == 0, "listen");
    return result;
}

std::uint16_t WatchSocket::port() const {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    require(::getsockname(descriptor_, static_cast<sockaddr*>(static_cast<void*>(&address)),
                          &size) == 0,
            "getsockname");
    return ntohs(address.sin_port);
}

std::optional<WatchSocket> WatchSocket::accepted() const {
    auto const descriptor = ::accept4(descriptor_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) return std::nullopt;
    return WatchSocket(descriptor);
}

WatchSocket::Hosts WatchSocket::own_hosts(Reach reach) {
    Hosts hosts{};
    if (reach == Reach::this_node) {
        hosts[0] = htonl(INADDR_LOOPBACK);
        return hosts;
    }
    ifaddrs* found = nullptr;
    require(::getifaddrs(&found) == 0, "getifaddrs");
    std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> const owner(found, &::freeifaddrs);
    std::size_t count = 0;
    for (auto const* one = found; one != nullptr && count < hosts.size(); one = one->ifa_next) {
        auto const usable = (one->ifa_flags & IFF_UP) != 0 && (one->ifa_flags & IFF_LOOPBACK) == 0;
        if (!usable || one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET) continue;
        sockaddr_in address{};
        std::memcpy(&address, one->ifa_addr, sizeof address);
        hosts[count++] = address.sin_addr.s_addr;
    }
    if (count == 0) hosts[0] = htonl(INADDR_LOOPBACK);  // several "nodes" on a machine off line
    return hosts;
}

std::optional<WatchSocket> WatchSocket::connected(Hosts const& hosts, std::uint16_t port,
                                                  double seconds) {
    auto sockets = begun(hosts, port);
    auto const first = first_standing(sockets, seconds);
    if (first == sockets.size()) return std::nullopt;
    return std::move(sockets[first]);
}

bool WatchSocket::send(std::span<std::byte const> bytes) const {
    auto const sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return sent == static_cast<ssize_t>(bytes.size());
}

std::optional<std::size_t> WatchSocket::receive(std::span<std::byte> bytes) const {
    auto const got = ::recv(descriptor_, bytes.data(), bytes.size(), 0);
    if (got > 0) return static_cast<std::size_t>(got);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    return std::nullopt;
}

std::string to_text(WatchSocket::Hosts const& hosts) {
    std::string text;
    for (auto const host : hosts) {
        if (host == 0) break;
        std::array<char, INET_ADDRSTRLEN> shown{};
        ::inet_ntop(AF_INET, &host, shown.data(), shown.size());
        text += fmt::format("{}{}", text.empty() ? "" : ", ", shown.data());
    }
    return text;
}

}  // namespace tessera::comm
