#include "datagram.hpp"

#include <algorithm>
#include <limits>

#include <tessera/packet/internet_checksum.hpp>

namespace tessera::flow {

namespace {

constexpr std::uint32_t longest = 65'535;  // bytes that an IP length can say

void put_u16(std::vector<std::byte>& bytes, std::size_t at, std::size_t value) {
    bytes[at] = static_cast<std::byte>(value >> 8U);
    bytes[at + 1] = static_cast<std::byte>(value & 0xffU);
}

// As if the datagram had never been cut. `begin` is where its payload begins.
void mend_ipv4(std::vector<std::byte>& bytes, std::size_t network, std::size_t begin) {
    constexpr std::size_t checksum_at = 10;
    auto const flags = base::load_big_endian<std::uint16_t>(bytes, network + 6);
    put_u16(bytes, network + 2, bytes.size() - network);
    put_u16(bytes, network + 6, flags & 0xc000U);  // but for more, offset
    put_u16(bytes, network + checksum_at, 0);
    auto const header = base::ByteSpan(bytes).subspan(network, begin - network);
    packet::InternetChecksum checksum;
    checksum.add(header);
    put_u16(bytes, network + checksum_at, checksum.value());
}

// The fragment header stays, as that of an atomic fragment (RFC 6946).
void mend_ipv6(std::vector<std::byte>& bytes, std::size_t network, std::size_t begin) {
    constexpr std::size_t header = 40;
    constexpr std::size_t fragment_header = 8;
    put_u16(bytes, network + 4, bytes.size() - network - header);
    put_u16(bytes, begin - fragment_header + 2, 0);
}

}  // namespace

std::optional<packet::Drop> Datagram::add(packet::Frame const& frame,
                                          packet::Fragment const& fragment) {
    ++pieces_;
    if (given_up_) return std::nullopt;
    if (auto const why = fits(fragment)) return why;
    auto const piece = frame.bytes.subspan(fragment.begin, fragment.size);
    if (auto const why = place({fragment.offset, fragment.offset + fragment.size}, piece)) {
        return why;
    }
    wire_length_ += frame.wire_length;
    if (fragment.offset != 0 || !headers_.empty()) return std::nullopt;
    auto const from = fragment.in_tunnel ? fragment.network : 0;
    auto const headers = frame.bytes.subspan(from, fragment.begin - from);
    headers_.assign(headers.begin(), headers.end());
    first_.link = frame.link;
    if (fragment.in_tunnel) {
        first_.link = fragment.ip_version == 4 ? packet::LinkType::ipv4 : packet::LinkType::ipv6;
    }
    head_ = fragment;
    head_.network -= from;
    return std::nullopt;
}

// Lengths alone: whether the piece can be one of this datagram.
std::optional<packet::Drop> Datagram::fits(packet::Fragment const& fragment) {
    auto const end = std::uint64_t{fragment.offset} + fragment.size;
    bool const no_piece = fragment.size == 0 || (fragment.more && fragment.size % 8 != 0);
    if (no_piece || end > longest) return packet::Drop::fragment_malformed;
    auto const come = ranges_.empty() ? 0 : ranges_.back().second;
    if (fragment.more) {
        if (total_ && end >= *total_ && fragment.offset < *total_) {
            return packet::Drop::fragment_overlap;
        }
        return total_ && end > *total_ ? std::optional(packet::Drop::fragment_malformed)
                                       : std::nullopt;
    }
    if ((total_ && *total_ != end) || come > end) return packet::Drop::fragment_overlap;
    total_ = static_cast<std::uint32_t>(end);
    return std::nullopt;
}

std::optional<packet::Drop> Datagram::place(Range range, base::ByteSpan piece) {
    auto const after =
        std::upper_bound(ranges_.begin(), ranges_.end(), range,
                         [](Range const& a, Range const& b) { return a.first < b.first; });
    if (after != ranges_.begin() && range.first < std::prev(after)->second) {
        bool const again = range.second <= std::prev(after)->second &&
                           std::equal(piece.begin(), piece.end(), payload_.begin() + range.first);
        return again ? std::nullopt : std::optional(packet::Drop::fragment_overlap);
    }
    if (after != ranges_.end() && after->first < range.second) {
        return packet::Drop::fragment_overlap;
    }
    if (payload_.size() < range.second) payload_.resize(range.second);
    std::copy(piece.begin(), piece.end(), payload_.begin() + range.first);
    join(ranges_.insert(after, range));
    return std::nullopt;
}

// With the neighbours that it touches.
void Datagram::join(std::vector<Range>::iterator at) {
    if (auto const next = std::next(at); next != ranges_.end() && at->second == next->first) {
        at->second = next->second;
        ranges_.erase(next);
    }
    if (at != ranges_.begin() && std::prev(at)->second == at->first) {
        std::prev(at)->second = at->second;
        ranges_.erase(at);
    }
}

bool Datagram::is_whole() const {
    return total_ && !headers_.empty() && ranges_.size() == 1 && ranges_.front().first == 0 &&
           ranges_.front().second == *total_;
}

std::optional<packet::Frame> Datagram::write(std::vector<std::byte>& bytes) const {
    auto const header = headers_.size() - head_.network - (head_.ip_version == 4 ? 0U : 40U);
    if (header + *total_ > longest) return std::nullopt;
    bytes.assign(headers_.begin(), headers_.end());
    bytes.insert(bytes.end(), payload_.begin(), payload_.begin() + *total_);
    auto const mend = head_.ip_version == 4 ? mend_ipv4 : mend_ipv6;
    mend(bytes, head_.network, headers_.size());
    auto frame = first_;
    frame.bytes = bytes;
    frame.wire_length = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(wire_length_, std::numeric_limits<std::uint32_t>::max()));
    return frame;
}

void Datagram::give_up(packet::Drop why) {
    given_up_ = why;
    headers_ = std::vector<std::byte>();  // a list of nothing would keep the memory
    payload_ = std::vector<std::byte>();
    ranges_ = std::vector<Range>();
}

std::uint64_t Datagram::bytes() const {
    constexpr std::uint64_t of_its_place = 128;  // nodes of the table's list and map
    return sizeof(Datagram) + of_its_place + headers_.capacity() + payload_.capacity() +
           ranges_.capacity() * sizeof(Range);
}

}  // namespace tessera::flow
