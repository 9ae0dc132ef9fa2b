#include "capture_sniff.hpp"
#include "mapped_source.hpp"
#include "pcap_reader.hpp"

#include <tessera/base/error.hpp>
#include <tessera/capture/sliced_capture.hpp>

namespace tessera::capture {

SlicedCapture::SlicedCapture(std::filesystem::path const& path, CaptureLimits const& limits) {
    auto source = std::make_unique<MappedSource>(path);
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

std::uint64_t SlicedCapture::guess(std::uint64_t from) const {
    auto const bytes = source_->whole();
    constexpr std::size_t longest_scan = std::size_t{4} << 20U;
    auto const last = std::min<std::uint64_t>(bytes.size(), from + longest_scan);
    for (auto at = from; at < last; ++at) {
        if (begins_records(bytes.subspan(at), reader_->layout())) return at;
    }
    return bytes.size();
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
