#pragma once

#include "pcap_layout.hpp"
#include "reader_base.hpp"

namespace tessera::capture {

/// Classic pcap: a file header, then records of header and packet.
class PcapReader final : public ReaderBase {
  public:
    /// `source` stands at the file header. Error(bad_input) when it is cut or of unknown version.
    PcapReader(std::unique_ptr<ByteSource> source, std::string packing,
               CaptureLimits const& limits);

    bool next(packet::Frame& frame) override;

    PcapLayout const& layout() const { return layout_; }

    /// Forgets what was read: the source stands at a record again.
    void restart() {
        fault_.reset();
        records_ = 0;
    }

  private:
    struct Lengths {
        std::uint32_t captured;
        std::uint32_t wire;
    };
    Lengths lengths(base::ByteSpan record) const;
    void find_layout(CaptureLimits const& limits);

    PcapLayout layout_;
};

}  // namespace tessera::capture
