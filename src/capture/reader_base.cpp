#include "reader_base.hpp"

#include <fmt/format.h>

namespace tessera::capture {

bool ReaderBase::fail_cut(char const* what, std::size_t size) {
    auto const failure = source_->failure();
    if (!failure.empty()) return fail(failure);
    return fail(
        fmt::format("{} is cut: {} of {} bytes are there", what, source_->view().size(), size));
}

bool ReaderBase::end(char const* what, std::size_t size) {
    bool const clean = source_->view().empty() && source_->failure().empty();
    return clean ? false : fail_cut(what, size);
}

std::uint32_t captured_limit(std::uint32_t snap_length, CaptureLimits const& limits) {
    bool const believable = snap_length <= limits.block;
    return believable && snap_length > limits.captured_length
               ? snap_length
               : static_cast<std::uint32_t>(limits.captured_length);
}

packet::LinkType link_type(std::uint32_t number) {
    constexpr std::uint32_t largest = 0xffff;
    return static_cast<packet::LinkType>(number < largest ? number : largest);
}

}  // namespace tessera::capture
