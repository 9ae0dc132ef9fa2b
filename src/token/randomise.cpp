#include "randomise.hpp"

#include "flow_values.hpp"
#include "server_name.hpp"

#include <algorithm>

#include <tessera/base/bytes.hpp>
#include <tessera/base/random.hpp>

namespace tessera::token {

namespace {

using base::load_big_endian;

/// Streams of random bytes, told apart by what they fill.
enum class Fill : std::uint32_t { network_header = 2, transport_header, server_name };

class Randomiser {
  public:
    Randomiser(packet::Packet const& packet, HiddenFields hidden, std::uint64_t key, Window& window)
        : packet_(packet),
          hidden_(hidden),
          window_(window),
          values_(flow_values(packet, key)),
          acknowledges_((packet.tcp_flags & packet::tcp_flag::ack) != 0) {}

    void run() {
        if (hidden_.has(Field::link_header)) link();
        if (hidden_.has(Field::network_header)) {
            fill(Fill::network_header, packet_.network, packet_.transport);
        } else {
            packet_.ip_version == 4 ? ipv4() : ipv6();
        }
        if (hidden_.has(Field::transport_header)) {
            fill(Fill::transport_header, packet_.transport, packet_.payload);
        } else {
            transport();
        }
        if (hidden_.has(Field::server_name)) name();
    }

  private:
    void link() {
        if (packet_.link != packet::LinkType::ethernet) return;
        window_.put(0, values_.receiver.mac);
        window_.put(6, values_.sender.mac);
    }

    void ipv4() {
        std::size_t const ip = packet_.network;
        if (hidden_.has(Field::ip_id)) move_used<std::uint16_t>(ip + 4, values_.sender.ip_id);
        if (!hidden_.has(Field::addresses)) return;
        window_.put(ip + 12, std::span(values_.sender.address).first<4>());
        window_.put(ip + 16, std::span(values_.receiver.address).first<4>());
    }

    void ipv6() {
        std::size_t const ip = packet_.network;
        constexpr std::uint32_t label_bits = 0xfffff;
        auto const word = load_big_endian<std::uint32_t>(packet_.bytes, ip);
        auto const label = word & label_bits;
        if (hidden_.has(Field::ip_id) && label != 0) {
            auto const moved = (label + values_.sender.flow_label) & label_bits;
            window_.put_number(ip, (word & ~label_bits) | moved);
        }
        if (!hidden_.has(Field::addresses)) return;
        window_.put(ip + 8, values_.sender.address);
        window_.put(ip + 24, values_.receiver.address);
    }

    void transport() {
        if (hidden_.has(Field::ports)) {
            window_.put_number(packet_.transport, values_.sender.port);
            window_.put_number(packet_.transport + 2, values_.receiver.port);
        }
        if (packet_.protocol == packet::Protocol::tcp) tcp();
    }

    void tcp() {
        std::size_t const tcp = packet_.transport;
        if (hidden_.has(Field::tcp_sequence)) {
            move<std::uint32_t>(tcp + 4, values_.sender.sequence);
            if (acknowledges_) move<std::uint32_t>(tcp + 8, values_.receiver.sequence);
        }
        if (hidden_.has(Field::tcp_window)) move<std::uint16_t>(tcp + 14, values_.sender.window);
        if (!hidden_.has(Field::tcp_options)) options(tcp + 20);
    }

    // As hide_in_options goes through them; an option cut off or of another length stays zero.
    void options(std::size_t at) {
        std::size_t const last = packet_.payload;
        while (at + 1 < last) {
            auto const kind = base::load_byte(packet_.bytes, at);
            if (kind == 0) return;
            std::size_t const length = kind == 1 ? 1 : base::load_byte(packet_.bytes, at + 1);
            if (length == 0 || (kind != 1 && length < 2) || length > last - at) return;
            if (kind == 5 && hidden_.has(Field::tcp_sequence)) sack_edges(at + 2, at + length);
            if (kind == 8 && length == 10 && hidden_.has(Field::tcp_timestamp)) time_stamps(at + 2);
            at += length;
        }
    }

    // RFC 2018: sequence numbers of the other end.
    void sack_edges(std::size_t at, std::size_t last) {
        for (; last - at >= 4; at += 4) move<std::uint32_t>(at, values_.receiver.sequence);
    }

    // RFC 7323, 3.2: the echo has a meaning only where the ACK flag is set.
    void time_stamps(std::size_t at) {
        move<std::uint32_t>(at, values_.sender.timestamp);
        if (acknowledges_) move<std::uint32_t>(at + 4, values_.receiver.timestamp);
    }

    void name() {
        auto const payload = packet_.bytes.first(packet_.end).subspan(packet_.payload);
        auto const name = server_name(payload);
        if (!name) return;
        auto random = stream(Fill::server_name);
        auto const last = std::min(packet_.payload + name->end, window_.end());
        for (auto at = packet_.payload + name->begin; at < last; ++at) {
            window_.set(at, static_cast<std::byte>('a' + random.below(26)));
        }
    }

    void fill(Fill what, std::size_t first, std::size_t last) {
        auto random = stream(what);
        last = std::min(last, window_.end());
        for (; first < last; ++first) {
            window_.set(first, static_cast<std::byte>(random.next_u32() >> 24U));
        }
    }

    base::RandomStream stream(Fill what) const {
        return {values_.flow, base::Purpose::masking, static_cast<std::uint32_t>(what),
                values_.from_low ? 0U : 1U};
    }

    template <class Number>
    void move(std::size_t at, Number by) {
        auto const number = load_big_endian<Number>(packet_.bytes, at);
        window_.put_number(at, static_cast<Number>(number + by));
    }

    template <class Number>
    void move_used(std::size_t at, Number by) {
        if (load_big_endian<Number>(packet_.bytes, at) != 0) move<Number>(at, by);
    }

    packet::Packet const& packet_;
    HiddenFields hidden_;
    Window& window_;
    FlowValues values_;
    bool acknowledges_;
};

}  // namespace

void randomise(packet::Packet const& packet, HiddenFields hidden, std::uint64_t key,
               Window& window) {
    Randomiser(packet, hidden, key, window).run();
}

}  // namespace tessera::token
