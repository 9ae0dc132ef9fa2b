#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include <tessera/base/bytes.hpp>
#include <tessera/base/time.hpp>
#include <tessera/packet/fragment.hpp>
#include <tessera/packet/frame.hpp>

namespace tessera::flow {

/// Which pieces belong together.
struct DatagramKey {
    explicit DatagramKey(packet::Fragment const& fragment)
        : source(fragment.source),
          destination(fragment.destination),
          id(fragment.id),
          protocol(fragment.ip_version == 4 ? fragment.protocol : std::uint8_t{0}) {}

    packet::Address source;
    packet::Address destination;
    std::uint32_t id;
    std::uint8_t protocol;

    auto operator<=>(DatagramKey const&) const = default;
};

/// An IP datagram of which pieces have come.
class Datagram {
  public:
    /// `clock`: the table's own when the first piece came, so that no odd stamp makes it age.
    explicit Datagram(base::Nanoseconds clock) : opened_(clock) {}

    /// Puts a piece in its place; why the datagram is given up, none where it may go on. A datagram
    /// given up only counts what comes.
    std::optional<packet::Drop> add(packet::Frame const& frame, packet::Fragment const& fragment);

    bool is_whole() const;

    /// Writes the whole datagram as a frame over `bytes`; none when it is too long for its header.
    std::optional<packet::Frame> write(std::vector<std::byte>& bytes) const;

    /// Lets go of what was kept; the pieces are counted under this reason.
    void give_up(packet::Drop why);

    std::optional<packet::Drop> given_up() const { return given_up_; }
    base::Nanoseconds opened() const { return opened_; }
    std::uint64_t pieces() const { return pieces_; }
    std::uint64_t bytes() const;  ///< of memory

  private:
    using Range = std::pair<std::uint32_t, std::uint32_t>;  // [begin, end)

    std::optional<packet::Drop> fits(packet::Fragment const& fragment);
    std::optional<packet::Drop> place(Range range, base::ByteSpan piece);
    void join(std::vector<Range>::iterator at);

    base::Nanoseconds opened_;
    std::uint64_t pieces_ = 0;
    std::uint64_t wire_length_ = 0;  // of the frames
    std::optional<packet::Drop> given_up_;
    std::optional<std::uint32_t> total_;  // bytes, once the last piece has come
    packet::Frame first_;                 // of the first piece but for its bytes
    packet::Fragment head_;               // the first piece, as it lies in headers_
    std::vector<std::byte> headers_;      // before the first piece; empty until it comes
    std::vector<std::byte> payload_;
    std::vector<Range> ranges_;  // of the payload that have come, in order, apart from each other
};

}  // namespace tessera::flow
