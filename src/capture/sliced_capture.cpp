#include "capture_sniff.hpp"
#include "file_source.hpp"
#include "pcap_reader.hpp"

#include <algorithm>

#include <tessera/base/error.hpp>
#include <tessera/capture/sliced_capture.hpp>

namespace tessera::capture {

SlicedCapture::SlicedCapture(std::filesystem::path const& path, CaptureLimits const& limits) {
    auto source = std::make_unique<FileSource>(path);
    source_ = source.get();
    base::validate(source->holds(4) && begins_pcap(source->view()), base::ExitCode::bad_input,
                   "no classic pcap");
    reader_ = std::make_unique<PcapReader>(std::move(source), "", limits);
}

SlicedCapture::~SlicedCapture() = default;
SlicedCapture::SlicedCapture(SlicedCapture&&) noexcept = default;
SlicedCapture& SlicedCapture::operator=(SlicedCapture&&) noexcept = default;

std::optional<SlicedCapture> SlicedCapture::open(std::filesystem::path const& path,
                                                 CaptureLimits const& limits) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) return std::nullopt;
    try {
        return SlicedCapture(path, limits);
    } catch (base::Error const&) {
        return std::nullopt;  // whoever reads it as a whole says what is wrong
    }
}

std::uint64_t SlicedCapture::size() const {
    return source_->size();
}

std::uint64_t SlicedCapture::first_record() const {
    return pcap_file_header;
}

std::uint64_t SlicedCapture::largest_record() const {
    return std::uint64_t{reader_->layout().record_header} + reader_->layout().captured_limit;
}

// The last record that begins before `until` may end behind it: one of Ethernet's size is read at
// once, a longer one when it turns out to be.
void SlicedCapture::fetch(std::uint64_t from, std::uint64_t until) {
    constexpr std::uint64_t usual_record = 2048;
    auto const end = std::min(until + usual_record, size());
    if (from >= end) return;
    source_->go_to(from, end);
    source_->holds(end - from);
}

// Sixteen usual records lie in the first half of the smallest window; where they do not, a larger
// one is looked at.
std::uint64_t SlicedCapture::guess(std::uint64_t from) {
    constexpr std::size_t smallest = std::size_t{64} << 10U;
    constexpr std::size_t largest = std::size_t{8} << 20U;
    for (auto window = smallest; window <= largest; window *= 8) {
        auto const rest = size() - std::min(from, size());
        auto const wanted = static_cast<std::size_t>(std::min<std::uint64_t>(window, rest));
        source_->go_to(from, from + wanted);
        source_->holds(wanted);
        auto const bytes = source_->view();
        auto const last = wanted < window ? bytes.size() : std::min(bytes.size(), window / 2);
        for (std::size_t at = 0; at < last; ++at) {
            if (begins_records(bytes.subspan(at), reader_->layout())) return from + at;
        }
        if (wanted < window) break;
    }
    return size();
}

template <class Use>
SlicedCapture::Walk SlicedCapture::for_each(std::uint64_t begin, std::uint64_t until,
                                            Use const& use) {
    source_->go_to(begin, until);
    reader_->restart();
    Walk walk{begin, begin, 0, false};
    packet::Frame frame;
    for (; source_->offset() < until && reader_->next(frame); ++walk.records) use(frame);
    walk.end = source_->offset();
    walk.fault = reader_->fault().has_value();
    return walk;
}

SlicedCapture::Walk SlicedCapture::read(std::uint64_t begin, std::uint64_t until,
                                        OnFrame const& on_frame) {
    return for_each(begin, until, on_frame);
}

SlicedCapture::Walk SlicedCapture::walk(std::uint64_t begin, std::uint64_t until) {
    return for_each(begin, until, [](packet::Frame const&) {});
}

std::optional<ReadFault> const& SlicedCapture::fault() const {
    return reader_->fault();
}

}  // namespace tessera::capture
