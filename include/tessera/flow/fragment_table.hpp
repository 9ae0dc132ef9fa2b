#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <tessera/base/options.hpp>
#include <tessera/packet/drop.hpp>
#include <tessera/packet/fragment.hpp>
#include <tessera/packet/frame.hpp>

namespace tessera::flow {

struct FragmentConfig {
    std::int64_t memory = 4LL << 20;  ///< bytes for datagrams of which pieces are missing; 0: none
                                      ///< are put together, the first piece stands for them
    double timeout = 60;  ///< s from the first piece after which a datagram is given up (RFC 8200,
                          ///< 4.5); 0: never
};

void describe(base::OptionTable& options, FragmentConfig& config);

/// Pieces of IP datagrams in, whole datagrams out, in bounded memory. Pieces belong together by
/// addresses and identification, in IPv4 by protocol too (RFC 791, RFC 8200). A datagram is whole
/// when its pieces cover it; one that comes twice, equal byte for byte, does no harm. Given up are
/// - datagrams with pieces that cover each other otherwise (fragment_overlap);
/// - those above 65,535 bytes, or with pieces that nothing can follow (fragment_malformed);
/// - those for which the clock, the largest time stamp of a piece seen, went on by `timeout` since
///   their first piece came (fragment_timeout): a stamp far ahead ends those that it finds, no
///   later ones;
/// - the oldest ones when the memory is full (fragment_evicted);
/// - those not whole at the end of the capture (fragment_incomplete).
///
/// What comes out depends on the pieces that went in, and on nothing else.
class FragmentTable {
  public:
    /// Error(usage) for a number that can be no limit.
    explicit FragmentTable(FragmentConfig const& config);
    ~FragmentTable();
    FragmentTable(FragmentTable&&) noexcept;
    FragmentTable& operator=(FragmentTable&&) noexcept;

    /// Takes a piece that was captured whole, found in `frame`. The datagram that it completes, as
    /// a frame: headers of the first piece (from the IP header on where that lies in a tunnel),
    /// lengths and checksum set as if it had never been cut, the time of this piece, the wire
    /// lengths of all. Valid until the next call. Every piece but one of a whole datagram is
    /// counted in `drops` (ip_fragment), and every one of those given up.
    std::optional<packet::Frame> add(packet::Frame const& frame, packet::Fragment const& fragment,
                                     packet::DropCounts& drops);

    /// Gives up what is not whole and forgets the clock: the next piece may come from another
    /// capture.
    void finish(packet::DropCounts& drops);

    std::uint64_t bytes() const;  ///< held for datagrams; not above the limit between calls

  private:
    class Datagrams;
    std::unique_ptr<Datagrams> datagrams_;
};

}  // namespace tessera::flow
