#include <tessera/packet/tunnels.hpp>

namespace tessera::packet {

char const* name(Tunnel tunnel) {
    constexpr std::array names{"mpls",  "pppoe",  "ip_in_ip", "6in4",  "gre",
                               "vxlan", "geneve", "gtp-u",    "teredo"};
    static_assert(names.size() == tunnel_kinds);
    return names.at(static_cast<std::size_t>(tunnel));
}

}  // namespace tessera::packet
