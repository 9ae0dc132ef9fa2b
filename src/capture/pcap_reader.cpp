#include "pcap_reader.hpp"

#include <utility>

#include <fmt/format.h>

#include <tessera/base/error.hpp>

namespace tessera::capture {

namespace {

constexpr std::size_t enough_to_tell = std::size_t{64} << 10U;

}  // namespace

PcapReader::PcapReader(std::unique_ptr<ByteSource> source, std::string packing,
                       CaptureLimits const& limits)
    : ReaderBase(std::move(source), std::move(packing)) {
    find_layout(limits);
    source_->skip(pcap_file_header);
    format_ = layout_.name + packing_;
}

void PcapReader::find_layout(CaptureLimits const& limits) {
    base::validate(source_->holds(pcap_file_header), base::ExitCode::bad_input,
                   "the pcap file header is cut: {} of {} bytes are there", source_->view().size(),
                   pcap_file_header);
    layout_ = pcap_layout(source_->view(), limits);
    bool const pipe =
        source_->size() == 0;  // perhaps live: wait for nothing that we can do without
    if (pipe) return;
    bool const whole = !source_->holds(enough_to_tell);
    if (!has_long_records(source_->view(), whole, layout_)) return;
    layout_.record_header = 24;
    layout_.name += " with 24-byte records";
}

PcapReader::Lengths PcapReader::lengths(base::ByteSpan record) const {
    Lengths found{record_field(record, 8, layout_.swapped),
                  record_field(record, 12, layout_.swapped)};
    bool const mixed = layout_.lengths_mixed && found.captured > found.wire;
    if (layout_.lengths_swapped || mixed) std::swap(found.captured, found.wire);
    return found;
}

bool PcapReader::next(packet::Frame& frame) {
    if (fault_) return false;
    auto const header = layout_.record_header;
    if (!source_->holds(header)) return end("packet header", header);
    auto const found = lengths(source_->view());
    if (found.captured > layout_.captured_limit) {
        return fail(fmt::format("captured length {} is above the limit of {} bytes", found.captured,
                                layout_.captured_limit));
    }
    auto const size = header + found.captured;
    if (!source_->holds(size)) return fail_cut("packet", size);
    auto const record = source_->view();
    auto const seconds = record_field(record, 0, layout_.swapped);
    auto const fraction = record_field(record, 4, layout_.swapped);
    frame.bytes = record.subspan(header, found.captured);
    frame.wire_length = found.wire;
    frame.link = layout_.link;
    frame.time = seconds * base::nanoseconds_per_second + fraction * layout_.fraction_unit;
    source_->skip(size);
    ++records_;
    prefetch_next(*source_);
    return true;
}

}  // namespace tessera::capture
