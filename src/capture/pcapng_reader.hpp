#pragma once

#include "reader_base.hpp"
#include "tick_clock.hpp"

#include <vector>

namespace tessera::capture {

/// True when a file that begins with these bytes is pcapng.
bool begins_pcapng(base::ByteSpan bytes);

/// pcapng (draft-ietf-opsawg-pcapng): sections of blocks, each section in its own byte order with
/// its own interfaces. Enhanced, simple and old packet blocks give packets; blocks of other kinds
/// are passed over.
class PcapngReader final : public ReaderBase {
  public:
    /// `source` stands at the first section header. Error(bad_input) when that is none.
    PcapngReader(std::unique_ptr<ByteSource> source, std::string packing,
                 CaptureLimits const& limits);

    bool next(packet::Frame& frame) override;

  private:
    struct Interface {
        packet::LinkType link;
        std::uint32_t snap_length;
        std::uint32_t captured_limit;
        TickClock clock;
    };
    struct Block {
        std::uint32_t type = 0;
        std::size_t size = 0;
        base::ByteSpan body;
    };
    enum class Outcome { packet, no_packet, failed };

    bool next_block(Block& block);
    bool find_byte_order();
    Outcome take(Block const& block, packet::Frame& frame);
    Outcome take_section(base::ByteSpan body);
    Outcome take_interface(base::ByteSpan body);
    Outcome take_enhanced(base::ByteSpan body, packet::Frame& frame);
    Outcome take_simple(base::ByteSpan body, packet::Frame& frame);
    Outcome take_old(base::ByteSpan body, packet::Frame& frame);
    Outcome take_stamped(base::ByteSpan body, std::uint32_t interface, packet::Frame& frame);
    Outcome take_data(base::ByteSpan data, Interface const& interface, std::uint32_t captured,
                      packet::Frame& frame);
    bool read_options(base::ByteSpan options, TickClock& clock);
    Outcome refuse(std::string reason);

    std::uint16_t u16(base::ByteSpan bytes, std::size_t at) const;
    std::uint32_t u32(base::ByteSpan bytes, std::size_t at) const;
    std::uint64_t u64(base::ByteSpan bytes, std::size_t at) const;

    CaptureLimits limits_;
    bool swapped_ = false;
    std::vector<Interface> interfaces_;  // of this section
    base::Nanoseconds latest_ = 0;       // simple packets have no time of their own
};

}  // namespace tessera::capture
