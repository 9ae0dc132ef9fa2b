#pragma once

#include <tessera/capture/joined_capture.hpp>
#include <tessera/capture/sliced_capture.hpp>

namespace tessera::preprocess {

/// The plain pcap file as it was found. Error(bad_input) when it is none any more, or shorter.
capture::SlicedCapture open_slices(capture::CaptureFile const& file,
                                   capture::CaptureLimits const& limits);

}  // namespace tessera::preprocess
