#pragma once

#include <memory>
#include <string>
#include <vector>

#include <tessera/capture/capture_files.hpp>
#include <tessera/capture/capture_reader.hpp>

namespace tessera::capture {

/// Which captures are one that was written into several files, e.g. by tcpdump -C or -G, or
/// dumpcap -b.
enum class Join : std::uint8_t {
    none,    ///< each stands for itself
    folder,  ///< those of each folder
    all,     ///< all
};

/// "none", "folder", "all"; Error(usage) for another word.
Join join_of(std::string const& word);

/// Captures that belong together become one, with the files as its pieces in the order of their
/// first packets' time stamps (files without packets first, unreadable ones last, equal ones by
/// path): names as tcpdump counts them (a, a1, .., a10) say little. It has the name of the first
/// piece and the bytes of all.
std::vector<CaptureFile> joined(std::vector<CaptureFile> captures, Join join,
                                CaptureLimits const& limits);

/// The packets of a capture: of its pieces one after the other where it has any. What cannot be
/// read of a piece is the capture's fault; the pieces after it are read all the same.
/// Error(bad_input) when it is no capture, or none of its pieces is one.
std::unique_ptr<CaptureReader> open_capture(CaptureFile const& capture,
                                            CaptureLimits const& limits = {});

}  // namespace tessera::capture
