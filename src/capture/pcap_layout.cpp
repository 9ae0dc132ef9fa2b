#include "pcap_layout.hpp"

#include "reader_base.hpp"

#include <bit>

#include <fmt/format.h>

#include <tessera/base/error.hpp>

namespace tessera::capture {

namespace {

enum class Magic : std::uint32_t {
    microseconds = 0xa1b2c3d4U,
    nanoseconds = 0xa1b23c4dU,
    modified = 0xa1b2cd34U,  // record headers of 24 bytes
};

bool is_magic(std::uint32_t value) {
    switch (static_cast<Magic>(value)) {
        case Magic::microseconds:
        case Magic::nanoseconds:
        case Magic::modified:
            return true;
    }
    return false;
}

char const* variant_name(Magic magic) {
    switch (magic) {
        case Magic::microseconds:
            return "us";
        case Magic::nanoseconds:
            return "ns";
        case Magic::modified:
            break;
    }
    return "modified";
}

std::uint16_t load_u16(base::ByteSpan bytes, std::size_t at, bool swapped) {
    auto const value = base::load_native<std::uint16_t>(bytes, at);
    return swapped ? base::byte_swapped(value) : value;
}

// Versions after 2.4 were never defined; 543.0 is written by one old AIX tool with 2.4's records.
void check_version(unsigned major, unsigned minor) {
    bool const known = (major == 2 && minor <= 4) || (major == 543 && minor == 0);
    base::validate(known, base::ExitCode::bad_input,
                   "pcap version {}.{} at byte 4 is unknown (2.4 is the latest)", major, minor);
}

}  // namespace

bool begins_pcap(base::ByteSpan bytes) {
    if (bytes.size() < 4) return false;
    auto const value = base::load_native<std::uint32_t>(bytes, 0);
    return is_magic(value) || is_magic(base::byte_swapped(value));
}

PcapLayout pcap_layout(base::ByteSpan bytes, CaptureLimits const& limits) {
    PcapLayout layout;
    layout.swapped = !is_magic(base::load_native<std::uint32_t>(bytes, 0));
    auto const magic = static_cast<Magic>(record_field(bytes, 0, layout.swapped));
    unsigned const major = load_u16(bytes, 4, layout.swapped);
    unsigned const minor = load_u16(bytes, 6, layout.swapped);
    check_version(major, minor);
    layout.lengths_swapped = major == 2 && minor < 3;
    layout.lengths_mixed = (major == 2 && minor == 3) || major == 543;
    layout.fraction_unit = magic == Magic::nanoseconds ? 1 : 1000;
    if (magic == Magic::modified) layout.record_header = 24;
    layout.captured_limit = captured_limit(record_field(bytes, 16, layout.swapped), limits);
    // The upper six bits say whether frames end with a checksum; the IP length leaves it out.
    layout.link = link_type(record_field(bytes, 20, layout.swapped) & 0x03ffffffU);
    bool const little = layout.swapped != (std::endian::native == std::endian::little);
    layout.name = fmt::format("pcap {} {}", variant_name(magic), little ? "LE" : "BE");
    return layout;
}

namespace {

constexpr int records_tried = 8;

bool plausible_record(base::ByteSpan record, PcapLayout const& layout) {
    auto const fraction = record_field(record, 4, layout.swapped);
    auto const captured = record_field(record, 8, layout.swapped);
    auto const wire = record_field(record, 12, layout.swapped);
    return fraction < 1'000'000 && captured <= wire && captured <= layout.captured_limit;
}

// Records of this header size that follow one another from the file header on; 0 when they lead
// nowhere.
int plausible_records(base::ByteSpan bytes, bool whole, PcapLayout const& layout,
                      std::size_t header) {
    int count = 0;
    std::size_t at = pcap_file_header;
    while (count < records_tried && base::holds(bytes.size(), at, header)) {
        auto const record = bytes.subspan(at);
        if (!plausible_record(record, layout)) return 0;
        at += header + record_field(record, 8, layout.swapped);
        ++count;
    }
    bool const ends_there = count == records_tried || at == bytes.size() || !whole;
    return ends_there ? count : 0;
}

}  // namespace

bool begins_records(base::ByteSpan bytes, PcapLayout const& layout) {
    constexpr int enough = 16;
    constexpr std::uint32_t a_day = 86'400;  // between neighbours: payload is rarely so close
    std::size_t at = 0;
    std::uint32_t before = 0;
    for (int count = 0; count < enough && at < bytes.size(); ++count) {
        if (!base::holds(bytes.size(), at, layout.record_header)) return false;
        auto const record = bytes.subspan(at);
        auto const captured = record_field(record, 8, layout.swapped);
        auto const wire = record_field(record, 12, layout.swapped);
        auto const fraction = record_field(record, 4, layout.swapped);
        auto const seconds = record_field(record, 0, layout.swapped);
        auto const apart = seconds > before ? seconds - before : before - seconds;
        auto const most_fractions = 1'000'000'000U / static_cast<unsigned>(layout.fraction_unit);
        bool const believable = fraction < most_fractions && captured <= layout.captured_limit &&
                                captured > 0 && captured <= wire && wire <= (1U << 20U);
        if (!believable || (count > 0 && apart > a_day)) return false;
        before = seconds;
        at += layout.record_header + captured;
    }
    return at <= bytes.size();
}

bool has_long_records(base::ByteSpan bytes, bool whole, PcapLayout const& layout) {
    bool const standard = layout.record_header == 16 && layout.fraction_unit == 1000;
    return standard && plausible_records(bytes, whole, layout, 16) == 0 &&
           plausible_records(bytes, whole, layout, 24) >= 2;
}

}  // namespace tessera::capture
