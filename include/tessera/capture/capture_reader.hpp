#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <tessera/base/options.hpp>
#include <tessera/packet/frame.hpp>

namespace tessera::capture {

/// What a length field may claim before we refuse it; libpcap's limits.
struct CaptureLimits {
    std::int64_t captured_length =
        262'144;                      ///< bytes of one packet, unless the snap length is larger
    std::int64_t block = 16LL << 20;  ///< bytes of one pcapng block, and of any packet
    std::int64_t decompressed = 64LL << 30;  ///< bytes out of one gzip or zstd file
};

void describe(base::OptionTable& options, CaptureLimits& limits);

/// Where and why a capture could not be read on. The packets before it are good.
struct ReadFault {
    std::uint64_t offset = 0;  ///< bytes into the capture (into what came out of gzip or zstd)
    std::uint64_t record = 0;  ///< the packet (pcap) or block (pcapng) at fault, counted from 1
    std::string reason;
};

/// "byte 240, record 2: packet header is cut: 7 of 16 bytes are there".
std::string to_text(ReadFault const& fault);

/// The packets of one capture, front to back. Ends at the end of the file or at the first fault.
class CaptureReader {
  public:
    virtual ~CaptureReader() = default;

    /// The next packet; false at the end. `frame.bytes` is valid until the next call.
    virtual bool next(packet::Frame& frame) = 0;

    /// After the end: set when there is more in the file than could be read.
    virtual std::optional<ReadFault> const& fault() const = 0;

    /// For a person: "pcap us LE", "pcapng BE in gzip".
    virtual std::string format() const = 0;

    /// Bytes of the file on disk used so far, and its size (0 when unknown: a pipe).
    virtual std::uint64_t position() const = 0;
    virtual std::uint64_t size() const = 0;
};

/// Opens a pcap (us, ns, modified, 24-byte record headers) or pcapng file of either byte order,
/// plain or in gzip or zstd, told by content. "-" is standard input. Files are read piece by piece;
/// resident memory stays small whatever their size.
/// Error(bad_input) when the file is no capture; a capture without packets is none.
std::unique_ptr<CaptureReader> open_capture(std::filesystem::path const& path,
                                            CaptureLimits const& limits = {});

}  // namespace tessera::capture
