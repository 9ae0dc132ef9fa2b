#include "pcapng_reader.hpp"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include <tessera/base/error.hpp>

namespace tessera::capture {

namespace {

namespace block_type {
constexpr std::uint32_t section = 0x0a0d0d0aU;  // the same in both byte orders
constexpr std::uint32_t interface = 1;
constexpr std::uint32_t old_packet = 2;
constexpr std::uint32_t simple_packet = 3;
constexpr std::uint32_t enhanced_packet = 6;
}  // namespace block_type

constexpr std::uint32_t byte_order_magic = 0x1a2b3c4dU;
constexpr std::size_t block_header = 8;  // type, length
constexpr std::size_t block_frame = 12;  // and the length again at the end
constexpr std::size_t section_start = block_header + 4;

// An interface block is 20 bytes and costs us twice that: a file of nothing else stays harmless.
constexpr std::size_t most_interfaces = std::size_t{1} << 20U;

}  // namespace

bool begins_pcapng(base::ByteSpan bytes) {
    return bytes.size() >= 4 && base::load_native<std::uint32_t>(bytes, 0) == block_type::section;
}

std::uint16_t PcapngReader::u16(base::ByteSpan bytes, std::size_t at) const {
    auto const value = base::load_native<std::uint16_t>(bytes, at);
    return swapped_ ? base::byte_swapped(value) : value;
}

std::uint32_t PcapngReader::u32(base::ByteSpan bytes, std::size_t at) const {
    auto const value = base::load_native<std::uint32_t>(bytes, at);
    return swapped_ ? base::byte_swapped(value) : value;
}

std::uint64_t PcapngReader::u64(base::ByteSpan bytes, std::size_t at) const {
    auto const value = base::load_native<std::uint64_t>(bytes, at);
    return swapped_ ? base::byte_swapped(value) : value;
}

PcapngReader::PcapngReader(std::unique_ptr<ByteSource> source, std::string packing,
                           CaptureLimits const& limits)
    : ReaderBase(std::move(source), std::move(packing)), limits_(limits) {
    constexpr std::size_t through_version = section_start + 4;
    base::validate(source_->holds(through_version), base::ExitCode::bad_input,
                   "the pcapng section header is cut: {} of {} bytes are there",
                   source_->view().size(), through_version);
    base::validate(find_byte_order(), base::ExitCode::bad_input,
                   "the pcapng section header has no byte-order magic at byte 8");
    unsigned const major = u16(source_->view(), section_start);
    base::validate(major == 1, base::ExitCode::bad_input,
                   "pcapng version {}.{} at byte 12 is unknown (1.0 and 1.2 are)", major,
                   u16(source_->view(), section_start + 2));
    bool const little = swapped_ != (std::endian::native == std::endian::little);
    format_ = fmt::format("pcapng {}{}", little ? "LE" : "BE", packing_);
}

bool PcapngReader::next(packet::Frame& frame) {
    if (fault_) return false;
    for (Block block; next_block(block);) {
        auto const outcome = take(block, frame);
        if (outcome == Outcome::failed) return false;
        source_->skip(block.size);
        ++records_;
        if (outcome == Outcome::packet) {
            prefetch_next(*source_);
            return true;
        }
    }
    return false;
}

// Frames the next block and brings it whole into the window; false at the end or a fault.
bool PcapngReader::next_block(Block& block) {
    if (!source_->holds(block_frame)) return end("block header", block_frame);
    bool const section =
        base::load_native<std::uint32_t>(source_->view(), 0) == block_type::section;
    if (section && !find_byte_order()) return fail("a section header has no byte-order magic");
    block.type = u32(source_->view(), 0);
    block.size = u32(source_->view(), 4);
    if (block.size < block_frame || block.size % 4 != 0) {
        return fail(fmt::format("block length {} is no multiple of 4 from 12 on", block.size));
    }
    if (block.size > static_cast<std::uint64_t>(limits_.block)) {
        return fail(fmt::format("block length {} is above the limit of {} bytes", block.size,
                                limits_.block));
    }
    if (!source_->holds(block.size)) return fail_cut("block", block.size);
    auto const trailer = u32(source_->view(), block.size - 4);
    if (trailer != block.size) {
        return fail(
            fmt::format("block length is {} before and {} after the block", block.size, trailer));
    }
    block.body = source_->view().subspan(block_header, block.size - block_frame);
    return true;
}

// The caller has checked that a section header with its magic is in the window.
bool PcapngReader::find_byte_order() {
    auto const magic = base::load_native<std::uint32_t>(source_->view(), block_header);
    swapped_ = magic != byte_order_magic;
    return !swapped_ || base::byte_swapped(magic) == byte_order_magic;
}

PcapngReader::Outcome PcapngReader::refuse(std::string reason) {
    fail(std::move(reason));
    return Outcome::failed;
}

PcapngReader::Outcome PcapngReader::take(Block const& block, packet::Frame& frame) {
    switch (block.type) {
        case block_type::enhanced_packet:
            return take_enhanced(block.body, frame);
        case block_type::simple_packet:
            return take_simple(block.body, frame);
        case block_type::old_packet:
            return take_old(block.body, frame);
        case block_type::interface:
            return take_interface(block.body);
        case block_type::section:
            return take_section(block.body);
        default:
            return Outcome::no_packet;
    }
}

PcapngReader::Outcome PcapngReader::take_section(base::ByteSpan body) {
    constexpr std::size_t size = 16;  // magic, version, section length
    if (body.size() < size) return refuse("section header block is too short");
    unsigned const major = u16(body, 4);
    if (major != 1) return refuse(fmt::format("section of unknown pcapng version {}", major));
    interfaces_.clear();
    return Outcome::no_packet;
}

PcapngReader::Outcome PcapngReader::take_interface(base::ByteSpan body) {
    constexpr std::size_t size = 8;  // link type, reserved, snap length
    if (body.size() < size) return refuse("interface block is too short");
    if (interfaces_.size() == most_interfaces) return refuse("too many interfaces in a section");
    TickClock clock;
    if (!read_options(body.subspan(size), clock)) return Outcome::failed;
    auto const snap_length = u32(body, 4);
    interfaces_.push_back({static_cast<packet::LinkType>(u16(body, 0)), snap_length,
                           captured_limit(snap_length, limits_), clock});
    return Outcome::no_packet;
}

// The options of an interface that bear on time: if_tsresol and if_tsoffset.
bool PcapngReader::read_options(base::ByteSpan options, TickClock& clock) {
    constexpr std::uint16_t end_of_options = 0;
    constexpr std::uint16_t resolution_code = 9;
    constexpr std::uint16_t offset_code = 14;
    std::uint8_t resolution = 6;
    std::int64_t offset = 0;
    while (options.size() >= 4 && u16(options, 0) != end_of_options) {
        auto const code = u16(options, 0);
        std::size_t const length = u16(options, 2);
        auto const rest = options.subspan(4);
        if (length > rest.size()) {
            return fail(fmt::format("option {} of an interface claims {} bytes of {} left", code,
                                    length, rest.size()));
        }
        if (code == resolution_code && length == 1) resolution = base::load_byte(rest, 0);
        if (code == offset_code && length == 8) offset = static_cast<std::int64_t>(u64(rest, 0));
        options = rest.subspan(std::min(rest.size(), (length + 3) / 4 * 4));
    }
    clock = TickClock(resolution, offset);
    return true;
}

PcapngReader::Outcome PcapngReader::take_enhanced(base::ByteSpan body, packet::Frame& frame) {
    if (body.size() < 20) return refuse("enhanced packet block is too short");
    return take_stamped(body, u32(body, 0), frame);
}

PcapngReader::Outcome PcapngReader::take_old(base::ByteSpan body, packet::Frame& frame) {
    if (body.size() < 20) return refuse("packet block is too short");
    return take_stamped(body, u16(body, 0), frame);
}

// Interface (or interface and drop count), time stamp in two halves, captured and wire length.
PcapngReader::Outcome PcapngReader::take_stamped(base::ByteSpan body, std::uint32_t interface,
                                                 packet::Frame& frame) {
    if (interface >= interfaces_.size()) {
        return refuse(fmt::format("packet of interface {}, but {} are described", interface,
                                  interfaces_.size()));
    }
    auto const& source = interfaces_[interface];
    auto const ticks = std::uint64_t{u32(body, 4)} << 32U | u32(body, 8);
    frame.time = latest_ = source.clock(ticks);
    frame.wire_length = u32(body, 16);
    return take_data(body.subspan(20), source, u32(body, 12), frame);
}

PcapngReader::Outcome PcapngReader::take_simple(base::ByteSpan body, packet::Frame& frame) {
    if (body.size() < 4) return refuse("simple packet block is too short");
    if (interfaces_.empty()) return refuse("simple packet before any interface");
    auto const& source = interfaces_.front();
    auto const wire = u32(body, 0);
    auto const most = source.snap_length == 0 ? wire : std::min(wire, source.snap_length);
    frame.time = latest_;
    frame.wire_length = wire;
    return take_data(body.subspan(4), source, most, frame);
}

PcapngReader::Outcome PcapngReader::take_data(base::ByteSpan data, Interface const& interface,
                                              std::uint32_t captured, packet::Frame& frame) {
    if (captured > data.size()) {
        return refuse(fmt::format("captured length {} is more than the {} bytes of the block",
                                  captured, data.size()));
    }
    if (captured > interface.captured_limit) {
        return refuse(fmt::format("captured length {} is above the limit of {} bytes", captured,
                                  interface.captured_limit));
    }
    frame.bytes = data.first(captured);
    frame.link = interface.link;
    return Outcome::packet;
}

}  // namespace tessera::capture
