#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <tessera/base/bytes.hpp>
#include <tessera/base/time.hpp>
#include <tessera/capture/capture_reader.hpp>
#include <tessera/packet/frame.hpp>

namespace tessera::capture {

inline constexpr std::size_t pcap_file_header = 24;

/// How the records of a classic pcap file are written.
struct PcapLayout {
    bool swapped = false;                    ///< not in the byte order of this machine
    base::Nanoseconds fraction_unit = 1000;  ///< ns
    std::size_t record_header = 16;
    bool lengths_swapped = false;  ///< files of version 2.0 to 2.2
    bool lengths_mixed = false;    ///< version 2.3: the smaller length is the captured one
    std::uint32_t captured_limit = 0;
    packet::LinkType link = packet::LinkType::ethernet;
    std::string name;  ///< "pcap us LE"
};

/// True when a file that begins with these bytes is classic pcap.
bool begins_pcap(base::ByteSpan bytes);

/// The layout that the file header announces; Error(bad_input) for a version nobody knows.
/// `bytes` holds the file header.
PcapLayout pcap_layout(base::ByteSpan bytes, CaptureLimits const& limits);

/// Some systems wrote 24-byte record headers under the magic number of 16-byte ones (Linux
/// distributions about 1999, and phones again). True when `bytes`, the front of the file, reads as
/// records of 24 and not of 16 bytes; `whole`: nothing follows.
bool has_long_records(base::ByteSpan bytes, bool whole, PcapLayout const& layout);

/// True when records that can be believed begin here: several in a row, or all up to the end.
bool begins_records(base::ByteSpan bytes, PcapLayout const& layout);

/// One field of a record header in the file's byte order.
inline std::uint32_t record_field(base::ByteSpan record, std::size_t at, bool swapped) {
    auto const value = base::load_native<std::uint32_t>(record, at);
    return swapped ? base::byte_swapped(value) : value;
}

}  // namespace tessera::capture
