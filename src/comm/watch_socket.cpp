#include "watch_socket.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <tessera/base/error.hpp>

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

/// True when a connection that was begun stands within `seconds`.
bool stands(int descriptor, double seconds) {
    pollfd wanted{.fd = descriptor, .events = POLLOUT, .revents = 0};
    if (::poll(&wanted, 1, static_cast<int>(seconds * 1e3)) != 1) return false;
    int error = 0;
    socklen_t size = sizeof error;
    return ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
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

std::optional<WatchSocket> WatchSocket::connected(std::string const& host, std::uint16_t port,
                                                  double seconds) {
    addrinfo hints{};
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    auto const service = std::to_string(port);
    if (::getaddrinfo(host.c_str(), service.c_str(), &hints, &found) != 0) return std::nullopt;
    std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> const owner(found, &::freeaddrinfo);
    for (auto const* one = found; one != nullptr; one = one->ai_next) {
        WatchSocket socket(::socket(AF_INET, type, 0));
        if (socket.descriptor_ < 0) continue;
        auto const begun = ::connect(socket.descriptor_, one->ai_addr, one->ai_addrlen);
        if (begun != 0 && errno != EINPROGRESS) continue;
        if (stands(socket.descriptor_, seconds)) return socket;
    }
    return std::nullopt;
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

std::string node_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

}  // namespace tessera::comm
