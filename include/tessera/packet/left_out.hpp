#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <tessera/packet/drop.hpp>
#include <tessera/packet/packet.hpp>

namespace tessera::packet {

/// Names that LeftOut knows: protocols, then lists of them.
std::vector<std::string> names_to_leave_out();

/// Protocols that corpora are cleaned of, as they tell no application from another. A packet is of
/// a protocol when one of its ports is the protocol's (IANA); STUN also by its magic cookie (RFC
/// 8489, 5). Lists: "et-bert" is what ET-BERT's clean_pcap takes away of TCP and UDP, "sugar" what
/// appendix A.4 of "The Sweet Danger of Sugar" (2025) names, but for RTCP and OCSP, which no port
/// tells.
class LeftOut {
  public:
    /// Error(usage) for an unknown name.
    explicit LeftOut(std::span<std::string const> names);

    /// Why the packet is left out; none when it stays.
    std::optional<Drop> find(Packet const& packet) const {
        return any_ ? look_up(packet) : std::nullopt;
    }

  private:
    using Ports = std::vector<std::uint8_t>;  // [65,536] 0: stays, else Drop

    std::optional<Drop> look_up(Packet const& packet) const;
    void add(std::string const& protocol);

    bool any_ = false;
    bool stun_ = false;
    Ports udp_;
    Ports tcp_;
};

}  // namespace tessera::packet
