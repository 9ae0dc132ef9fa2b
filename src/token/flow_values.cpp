#include "flow_values.hpp"

#include <utility>

#include <tessera/base/random.hpp>
#include <tessera/flow/flow.hpp>

namespace tessera::token {

namespace {

template <std::size_t Size>
void draw(base::RandomStream& random, std::array<std::byte, Size>& bytes) {
    for (auto& byte : bytes) byte = static_cast<std::byte>(random.next_u32() >> 24U);
}

EndValues end_values(base::RandomStream random) {
    EndValues values;
    draw(random, values.address);
    draw(random, values.mac);
    values.mac[0] = (values.mac[0] & std::byte{0xfc}) | std::byte{0x02};
    values.port = static_cast<std::uint16_t>(random.next_u32() >> 16U);
    values.ip_id = static_cast<std::uint16_t>(random.next_u32() >> 16U);
    values.flow_label = random.next_u32() >> 12U;
    values.sequence = random.next_u32();
    values.timestamp = random.next_u32();
    values.window = static_cast<std::uint16_t>(random.next_u32() >> 16U);
    return values;
}

}  // namespace

FlowValues flow_values(packet::Packet const& packet, std::uint64_t key) {
    FlowValues values;
    values.flow = flow::flow_hash(flow::key_of(packet), key);
    values.from_low = packet.source <= packet.destination;
    values.sender = end_values({values.flow, base::Purpose::masking, 1, 0});
    values.receiver = end_values({values.flow, base::Purpose::masking, 1, 1});
    if (!values.from_low) std::swap(values.sender, values.receiver);
    return values;
}

}  // namespace tessera::token
