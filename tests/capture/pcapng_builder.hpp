#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include <capture_builder.hpp>

namespace tessera::test {

/// A pcapng file in memory, block by block.
class PcapngWriter {
  public:
    explicit PcapngWriter(ByteOrder order = ByteOrder::little) { section(order); }

    void section(ByteOrder order, std::uint16_t major = 1) {
        order_ = order;
        Bytes body;
        field(body, 0x1a2b3c4d, 4);
        field(body, major, 2);
        field(body, 0, 2);
        field(body, std::numeric_limits<std::uint64_t>::max(), 8);
        block(0x0a0d0d0a, body);
    }

    void interface(std::uint16_t link = 1, std::uint32_t snap_length = 0,
                   Bytes const& options = {}) {
        Bytes body;
        field(body, link, 2);
        field(body, 0, 2);
        field(body, snap_length, 4);
        block(1, body + options);
    }

    /// One option of a block, padded.
    Bytes option(std::uint16_t code, Bytes value) const {
        Bytes bytes;
        field(bytes, code, 2);
        field(bytes, value.size(), 2);
        value.resize((value.size() + 3) / 4 * 4);
        return bytes + value;
    }

    Bytes value(std::uint64_t number, unsigned count) const {
        Bytes bytes;
        field(bytes, number, count);
        return bytes;
    }

    void enhanced(Bytes const& frame, std::uint64_t ticks = 0, std::uint32_t interface = 0,
                  std::optional<std::uint32_t> captured = {}) {
        Bytes body;
        field(body, interface, 4);
        stamped(body, frame, ticks, captured);
        block(6, body);
    }

    void old_packet(Bytes const& frame, std::uint64_t ticks = 0, std::uint16_t interface = 0) {
        Bytes body;
        field(body, interface, 2);
        field(body, 7, 2);  // drops
        stamped(body, frame, ticks, {});
        block(2, body);
    }

    void simple(Bytes const& frame, std::uint32_t wire_length) {
        Bytes body;
        field(body, wire_length, 4);
        block(3, body + frame);
    }

    /// A block whose two lengths may lie.
    void block(std::uint32_t type, Bytes body, std::optional<std::uint32_t> length = {},
               std::optional<std::uint32_t> trailer = {}) {
        body.resize((body.size() + 3) / 4 * 4);
        auto const size = length.value_or(static_cast<std::uint32_t>(body.size() + 12));
        field(bytes_, type, 4);
        field(bytes_, size, 4);
        bytes_ = bytes_ + body;
        field(bytes_, trailer.value_or(size), 4);
    }

    Bytes const& bytes() const { return bytes_; }

  private:
    void field(Bytes& bytes, std::uint64_t value, unsigned count) const {
        put(bytes, value, count, order_);
    }

    void stamped(Bytes& body, Bytes const& frame, std::uint64_t ticks,
                 std::optional<std::uint32_t> captured) const {
        field(body, ticks >> 32U, 4);
        field(body, ticks & 0xffffffffU, 4);
        field(body, captured.value_or(static_cast<std::uint32_t>(frame.size())), 4);
        field(body, frame.size(), 4);
        body = body + frame;
    }

    ByteOrder order_ = ByteOrder::little;
    Bytes bytes_;
};

}  // namespace tessera::test
