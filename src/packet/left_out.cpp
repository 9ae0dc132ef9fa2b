#include <algorithm>
#include <string_view>

#include <fmt/ranges.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/packet/left_out.hpp>

namespace tessera::packet {

namespace {

constexpr std::size_t ports = 65'536;

struct Known {
    std::string_view name;
    Drop drop;
    std::vector<std::uint16_t> udp;
    std::vector<std::uint16_t> tcp;
};

std::vector<Known> const& known_protocols() {
    static std::vector<Known> const all = {
        {"bgp", Drop::left_out_bgp, {}, {179}},
        {"dhcp", Drop::left_out_dhcp, {67, 68, 546, 547}, {}},
        {"dns", Drop::left_out_dns, {53}, {53}},
        {"llmnr", Drop::left_out_llmnr, {5355}, {5355}},
        {"lsd", Drop::left_out_lsd, {6771}, {}},
        {"mdns", Drop::left_out_mdns, {5353}, {}},
        {"nat-pmp", Drop::left_out_nat_pmp, {5350, 5351}, {}},
        {"nbns", Drop::left_out_nbns, {137}, {}},
        {"ntp", Drop::left_out_ntp, {123}, {}},
        {"snmp", Drop::left_out_snmp, {161, 162}, {161, 162}},
        {"ssdp", Drop::left_out_ssdp, {1900}, {}},
        {"stun", Drop::left_out_stun, {3478}, {3478}},
    };
    return all;
}

struct List {
    std::string_view name;
    std::vector<std::string> protocols;
};

std::vector<List> const& lists() {
    static std::vector<List> const all = {
        {"et-bert", {"dns", "dhcp", "stun", "llmnr", "nbns", "ntp"}},
        {"sugar",
         {"llmnr", "nbns", "mdns", "lsd", "dhcp", "snmp", "stun", "nat-pmp", "bgp", "ssdp", "ntp"}},
    };
    return all;
}

// RFC 8489, 5: two zero bits, type, length, then the cookie.
bool has_stun_cookie(Packet const& packet) {
    constexpr std::uint32_t cookie = 0x2112a442U;
    if (packet.protocol != Protocol::udp || packet.end - packet.payload < 8) return false;
    return base::load_byte(packet.bytes, packet.payload) < 0x40 &&
           base::load_big_endian<std::uint32_t>(packet.bytes, packet.payload + 4) == cookie;
}

}  // namespace

std::vector<std::string> names_to_leave_out() {
    std::vector<std::string> names;
    for (auto const& protocol : known_protocols()) names.emplace_back(protocol.name);
    for (auto const& list : lists()) names.emplace_back(list.name);
    return names;
}

LeftOut::LeftOut(std::span<std::string const> names)
    : any_(!names.empty()), udp_(any_ ? ports : 0), tcp_(any_ ? ports : 0) {
    for (auto const& name : names) {
        auto const list = std::find_if(lists().begin(), lists().end(),
                                       [&](List const& each) { return each.name == name; });
        if (list == lists().end()) {
            add(name);
        } else {
            for (auto const& protocol : list->protocols) add(protocol);
        }
    }
}

void LeftOut::add(std::string const& protocol) {
    auto const& all = known_protocols();
    auto const known = std::find_if(all.begin(), all.end(),
                                    [&](Known const& each) { return each.name == protocol; });
    base::validate(known != all.end(), base::ExitCode::usage,
                   "preprocess.leave_out: no protocol is called '{}'; there are: {}",
                   base::printable(protocol), fmt::join(names_to_leave_out(), ", "));
    auto const drop = static_cast<std::uint8_t>(known->drop);
    for (auto const port : known->udp) udp_[port] = drop;
    for (auto const port : known->tcp) tcp_[port] = drop;
    stun_ = stun_ || known->drop == Drop::left_out_stun;
}

std::optional<Drop> LeftOut::look_up(Packet const& packet) const {
    auto const& table = packet.protocol == Protocol::udp ? udp_ : tcp_;
    for (auto const port : {packet.source.port, packet.destination.port}) {
        if (table[port] != 0) return static_cast<Drop>(table[port]);
    }
    if (stun_ && has_stun_cookie(packet)) return Drop::left_out_stun;
    return std::nullopt;
}

}  // namespace tessera::packet
