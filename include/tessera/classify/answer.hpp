#pragma once

#include <cstdint>
#include <string>

#include <tessera/base/time.hpp>
#include <tessera/packet/packet.hpp>

namespace tessera::classify {

/// What was decided about one flow (or, by a packet-level model, one packet). The source is the
/// endpoint that sent the flow's first packet (the packet itself).
struct Answer {
    std::string capture;  ///< display name of the file
    packet::Protocol protocol = packet::Protocol::tcp;
    packet::Endpoint source;
    packet::Endpoint destination;
    base::Nanoseconds first_seen = 0;
    base::Nanoseconds last_seen = 0;
    std::uint64_t packets = 0;  ///< of the flow; 1 for a packet
    std::string class_name;
    double probability = 0;
};

/// The answer as one line of JSON, with its line end: capture, protocol, source_ip, source_port,
/// destination_ip, destination_port, first_seen_ns, last_seen_ns, packets, class,
/// probability.
std::string to_json_line(Answer const& answer);

}  // namespace tessera::classify
