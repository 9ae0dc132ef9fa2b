#include "stream_source.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace tessera::capture {

namespace {

constexpr std::size_t first_capacity = std::size_t{1} << 20U;

}  // namespace

StreamSource::StreamSource(std::unique_ptr<ByteStream> stream, std::uint64_t limit)
    : stream_(std::move(stream)), limit_(limit), buffer_(first_capacity) {}

std::string StreamSource::failure() const {
    if (read_ > limit_) {
        return fmt::format(
            "more than {} bytes come out of the compressed file; raise the limit "
            "capture.decompressed if that is right",
            limit_);
    }
    return stream_->failure();
}

bool StreamSource::refill(std::size_t count) {
    slide();
    while (window_.size() < count) {
        if (!read_more()) return false;
    }
    return true;
}

// Moves the unread bytes to the front.
void StreamSource::slide() {
    if (!window_.empty()) std::memmove(buffer_.data(), window_.data(), window_.size());
    window_ = base::ByteSpan(buffer_).first(window_.size());
}

// Appends one piece of the stream, up to the limit; the window starts at the buffer's front.
bool StreamSource::read_more() {
    auto const filled = window_.size();
    if (filled == buffer_.size()) buffer_.resize(2 * buffer_.size());
    if (read_ > limit_) return false;
    auto const allowed = limit_ - read_;
    auto const count = stream_->read(std::span(buffer_).subspan(filled));
    read_ += count;
    auto const kept = static_cast<std::size_t>(std::min<std::uint64_t>(count, allowed));
    window_ = base::ByteSpan(buffer_).first(filled + kept);
    return kept > 0;
}

}  // namespace tessera::capture
