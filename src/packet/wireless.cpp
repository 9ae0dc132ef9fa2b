#include "layers.hpp"

namespace tessera::packet::detail {

namespace {

std::size_t rounded_up(std::size_t size, std::size_t unit) {
    return (size + unit - 1) / unit * unit;
}

// Length of an 802.11 data header (IEEE 802.11-2020, 9.3.2.1) from its first two bytes.
struct DataHeader {
    explicit DataHeader(std::uint8_t kind, std::uint8_t flags)
        : quality_of_service((kind & 0x80U) != 0) {
        bool const both_distribution_systems = (flags & 0x03U) == 0x03;
        bool const high_throughput_control = quality_of_service && (flags & 0x80U) != 0;
        control = 24 + (both_distribution_systems ? 6U : 0U);
        size = control + (quality_of_service ? 2U : 0U) + (high_throughput_control ? 4U : 0U);
    }

    bool quality_of_service;
    std::size_t control = 0;  ///< offset of the QoS control field
    std::size_t size = 0;
};

constexpr std::size_t subframe_header = 14;  // of an aggregate (A-MSDU)

// Frames that are encrypted, or carry no data, hold no IP that we could read. Of an aggregate the
// first packet is taken.
Header data_frame(Walk& walk, bool padded) noexcept {
    auto const kind = walk.u8(0);
    auto const flags = walk.u8(1);
    bool const data = (kind & 0x0fU) == 0x08 && (kind & 0x40U) == 0;
    bool const encrypted = (flags & 0x40U) != 0;
    if (!data || encrypted) return walk.stop(Drop::not_ip);
    DataHeader const header(kind, flags);
    if (!walk.holds(header.size)) return walk.stop(Drop::truncated_link_header);
    bool const aggregate = header.quality_of_service && (walk.u8(header.control) & 0x80U) != 0;
    auto const size =
        (padded ? rounded_up(header.size, 4) : header.size) + (aggregate ? subframe_header : 0);
    if (!walk.holds(size)) return walk.stop(Drop::truncated_link_header);
    walk.skip(size);
    return Header::llc;
}

// The flags field of a radiotap header says whether the 802.11 header is padded to 4 bytes. It is
// the second field; the first is a time stamp of 8 bytes, aligned to 8. radiotap.org.
bool radiotap_padded(Walk const& walk, std::size_t length) noexcept {
    constexpr std::uint32_t more_words = 0x80000000U;
    auto const present = walk.u32_little(4);
    std::size_t at = 8;
    for (auto word = present; (word & more_words) != 0; at += 4) {
        if (at + 4 > length) return false;
        word = walk.u32_little(at);
    }
    bool const has_time = (present & 1U) != 0;
    bool const has_flags = (present & 2U) != 0;
    if (has_time) at = rounded_up(at, 8) + 8;
    return has_flags && at < length && (walk.u8(at) & 0x20U) != 0;
}

}  // namespace

Header ieee80211(Walk& walk) noexcept {
    if (!walk.holds(2)) return walk.stop(Drop::truncated_link_header);
    return data_frame(walk, false);
}

Header radiotap(Walk& walk) noexcept {
    if (!walk.holds(8)) return walk.stop(Drop::truncated_link_header);
    std::size_t const length = walk.u16_little(2);
    if (length < 8 || !walk.holds(length + 2)) return walk.stop(Drop::truncated_link_header);
    bool const padded = radiotap_padded(walk, length);
    walk.skip(length);
    return data_frame(walk, padded);
}

// linux-wlan-ng AVS capture header: magic with version, length of the header.
Header avs(Walk& walk) noexcept {
    if (!walk.holds(8)) return walk.stop(Drop::truncated_link_header);
    std::size_t const length = walk.u32(4);
    if (length < 8 || !walk.holds(length)) return walk.stop(Drop::truncated_link_header);
    walk.skip(length);
    return Header::ieee80211;
}

// Prism header of 144 bytes; some drivers write an AVS header under the same link type.
Header prism(Walk& walk) noexcept {
    constexpr std::size_t size = 144;
    if (!walk.holds(4)) return walk.stop(Drop::truncated_link_header);
    if ((walk.u32(0) & 0xfffff000U) == 0x80211000U) return Header::avs;
    if (!walk.holds(size)) return walk.stop(Drop::truncated_link_header);
    walk.skip(size);
    return Header::ieee80211;
}

// Per-packet information: version, flags, length of the whole header, link type that follows.
Header ppi(Walk& walk) noexcept {
    if (!walk.holds(8)) return walk.stop(Drop::truncated_link_header);
    std::size_t const length = walk.u16_little(2);
    auto const link = walk.u32_little(4);
    if (length < 8 || !walk.holds(length)) return walk.stop(Drop::truncated_link_header);
    walk.skip(length);
    auto const header = link > 0xffff ? Header::dropped : first_header(static_cast<LinkType>(link));
    return header == Header::dropped ? walk.stop(Drop::unknown_link_type) : header;
}

}  // namespace tessera::packet::detail
