#include <algorithm>

#include <arpa/inet.h>

#include <tessera/packet/packet.hpp>

namespace tessera::packet {

char const* name(Protocol protocol) {
    return protocol == Protocol::tcp ? "tcp" : "udp";
}

bool Address::is_ipv4() const {
    constexpr std::array<std::uint8_t, 12> prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return std::equal(prefix.begin(), prefix.end(), bytes.begin());
}

std::string to_text(Address const& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (address.is_ipv4()) {
        inet_ntop(AF_INET, address.bytes.data() + 12, text.data(), INET_ADDRSTRLEN);
    } else {
        inet_ntop(AF_INET6, address.bytes.data(), text.data(), INET6_ADDRSTRLEN);
    }
    return text.data();
}

}  // namespace tessera::packet
