#include "open_slices.hpp"

#include <utility>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>

namespace tessera::preprocess {

capture::SlicedCapture open_slices(capture::CaptureFile const& file,
                                   capture::CaptureLimits const& limits) {
    auto sliced = capture::SlicedCapture::open(file.path, limits);
    base::validate(sliced.has_value(), base::ExitCode::bad_input,
                   "'{}' changed while it was read: it is no plain pcap file any more",
                   base::printable(file.name));
    base::validate(sliced->size() >= file.bytes, base::ExitCode::bad_input,
                   "'{}' became shorter while it was read: {} of {} bytes are left",
                   base::printable(file.name), sliced->size(), file.bytes);
    return std::move(*sliced);
}

}  // namespace tessera::preprocess
