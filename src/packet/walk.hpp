#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <tessera/base/bytes.hpp>
#include <tessera/packet/decode.hpp>
#include <tessera/packet/drop.hpp>
#include <tessera/packet/frame.hpp>
#include <tessera/packet/tunnels.hpp>

namespace tessera::packet::detail {

/// What stands at the walk's offset. Each kind has one function in layers.hpp that reads it, moves
/// the offset past it and returns the kind that follows.
enum class Header : std::uint8_t {
    ethernet,
    vlan,  ///< tag control information and the type after it
    llc,
    mpls,
    pppoe,
    ppp,
    cisco_hdlc,
    null_loopback,
    linux_cooked,
    linux_cooked_v2,
    ieee80211,
    radiotap,
    avs,
    prism,
    ppi,
    ip,  ///< version 4 or 6, told by the first nibble
    ipv4,
    ipv6,
    ipv6_extension,
    ipv6_fragment,
    authentication,
    gre,
    tcp,  ///< from here on the walk is over
    udp,
    dropped,
};

/// One pass over a frame from the link header to the transport header. It only moves offsets; the
/// packet is made of them when the walk is over.
class Walk {
  public:
    explicit Walk(Frame const& frame, Fragments fragments = Fragments::first) noexcept
        : fragments_(fragments),
          bytes_(frame.bytes),
          end_(frame.bytes.size()),
          wire_end_(std::max<std::size_t>(frame.wire_length, frame.bytes.size())) {}

    Drop drop = Drop::not_ip;  ///< why, once Header::dropped is reached

    // The innermost IP header met so far.
    std::size_t network = 0;
    unsigned ip_version = 0;
    unsigned ip_headers = 0;  ///< met so far

    TunnelSet carriers;  ///< met so far

    /// Notes an IP header at the offset.
    void enter_ip(unsigned version) noexcept {
        network = offset_;
        ip_version = version;
        ++ip_headers;
    }

    std::size_t offset() const noexcept { return offset_; }
    std::size_t end() const noexcept { return end_; }

    /// Bytes from the offset to the end of the datagram: captured, and on the wire.
    std::size_t captured() const noexcept { return end_ - offset_; }
    std::size_t on_wire() const noexcept { return wire_end_ - offset_; }

    bool holds(std::size_t count) const noexcept { return captured() >= count; }

    /// The field `at` bytes after the offset; the caller has checked `holds`.
    std::uint8_t u8(std::size_t at) const noexcept { return base::load_byte(bytes_, offset_ + at); }
    std::uint16_t u16(std::size_t at) const noexcept {
        return base::load_big_endian<std::uint16_t>(bytes_, offset_ + at);
    }
    std::uint32_t u32(std::size_t at) const noexcept {
        return base::load_big_endian<std::uint32_t>(bytes_, offset_ + at);
    }
    std::uint16_t u16_little(std::size_t at) const noexcept {
        return base::load_little_endian<std::uint16_t>(bytes_, offset_ + at);
    }
    std::uint32_t u32_little(std::size_t at) const noexcept {
        return base::load_little_endian<std::uint32_t>(bytes_, offset_ + at);
    }

    void skip(std::size_t count) noexcept { offset_ += count; }

    /// Leaves out what lies more than `length` wire bytes after the offset: padding, trailers.
    void limit(std::size_t length) noexcept {
        wire_end_ = std::min(wire_end_, offset_ + length);
        end_ = std::min(end_, wire_end_);
    }

    /// The fragment at which the walk stopped; set where `drop` is ip_fragment.
    struct Piece {
        std::size_t begin;
        std::size_t size;
        std::uint32_t offset;
        std::uint32_t id;
        std::uint8_t protocol;
        bool more;
    };
    Piece piece;

    /// Whether a piece at this offset of its datagram ends the walk.
    bool stops_at_piece(std::uint32_t piece_offset) const noexcept {
        return piece_offset != 0 || fragments_ == Fragments::none;
    }

    Header stop_at(Piece const& met) noexcept {
        piece = met;
        return stop(Drop::ip_fragment);
    }

    /// Ends the walk.
    Header stop(Drop reason) noexcept {
        drop = reason;
        return Header::dropped;
    }

  private:
    Fragments fragments_;
    base::ByteSpan bytes_;
    std::size_t offset_ = 0;
    std::size_t end_;       // captured bytes of the innermost datagram end here; <= wire_end_
    std::size_t wire_end_;  // where it ends on the wire
};

}  // namespace tessera::packet::detail
