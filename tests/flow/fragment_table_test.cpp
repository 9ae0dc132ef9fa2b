// A datagram cut in pieces, in whatever order they come, is the datagram that was never cut.
#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include <gtest/gtest.h>
#include <packet_builder.hpp>

#include <tessera/base/error.hpp>
#include <tessera/flow/fragment_table.hpp>

namespace tessera::flow {
namespace {

using packet::Drop;
using test::Bytes;
using test::operator+;

constexpr std::int64_t second = 1'000'000'000;

Bytes counted(std::size_t size, unsigned from = 0) {
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>((from + i * 7) & 0xff);
    return bytes;
}

Bytes part(Bytes const& bytes, std::size_t begin, std::size_t end) {
    return {bytes.begin() + static_cast<std::ptrdiff_t>(begin),
            bytes.begin() + static_cast<std::ptrdiff_t>(end)};
}

test::PacketSpec udp(std::size_t payload, std::uint16_t id = 1) {
    return {.protocol = packet::Protocol::udp, .ip_id = id, .payload = counted(payload)};
}

/// One piece of the IPv4 datagram of `spec`, [begin, end) of its transport part.
Bytes piece4(test::PacketSpec const& spec, std::size_t begin, std::size_t end, bool more) {
    auto const flags = static_cast<std::uint16_t>(begin / 8 | (more ? 0x2000U : 0U));
    return test::ethernet(
        0x0800, test::ipv4(static_cast<unsigned>(spec.protocol), spec.source, spec.destination,
                           part(test::transport(spec), begin, end), spec.ip_options, flags,
                           spec.ip_id, spec.ttl));
}

std::vector<Bytes> pieces4(test::PacketSpec const& spec, std::size_t step) {
    auto const size = test::transport(spec).size();
    std::vector<Bytes> pieces;
    for (std::size_t begin = 0; begin < size; begin += step) {
        pieces.push_back(piece4(spec, begin, std::min(begin + step, size), begin + step < size));
    }
    return pieces;
}

std::vector<Bytes> pieces6(test::PacketSpec const& spec, std::size_t step) {
    auto const segment = test::transport(spec);
    std::vector<Bytes> pieces;
    for (std::size_t begin = 0; begin < segment.size(); begin += step) {
        Bytes header;
        test::put(header, static_cast<unsigned>(spec.protocol), 1);
        test::put(header, 0, 1);
        test::put(header, begin | (begin + step < segment.size() ? 1U : 0U), 2);
        test::put(header, 77, 4);
        auto const end = std::min(begin + step, segment.size());
        pieces.push_back(
            test::ethernet(0x86dd, test::ipv6(44, spec.source, spec.destination,
                                              header + part(segment, begin, end), spec.ttl)));
    }
    return pieces;
}

class Fragments : public testing::Test {
  protected:
    std::optional<packet::Frame> add(Bytes const& bytes, base::Nanoseconds time = 0) {
        packet::Frame const frame{
            .bytes = bytes, .wire_length = static_cast<std::uint32_t>(bytes.size()), .time = time};
        auto const fragment = packet::find_fragment(frame, packet::Tunnels::inner);
        if (!fragment) throw std::logic_error("the test made no fragment");
        ++added_;
        return table_.add(frame, *fragment, drops_);
    }

    /// Pieces that make no datagram: all are counted under `why`, in the end.
    void expect_given_up(std::vector<Bytes> const& pieces, Drop why) {
        for (auto const& piece : pieces) EXPECT_FALSE(add(piece));
        table_.finish(drops_);
        EXPECT_EQ(drops_[why], pieces.size());
        EXPECT_EQ(drops_.total(), pieces.size());
        EXPECT_EQ(table_.bytes(), 0U);
    }

    FragmentTable table_{FragmentConfig{}};
    packet::DropCounts drops_;
    std::uint64_t added_ = 0;
};

TEST_F(Fragments, InAnyOrderMakeTheDatagramThatWasNeverCut) {
    auto const spec = udp(100);  // 108 bytes: pieces of 24, 24, 24, 24, 12
    auto const pieces = pieces4(spec, 24);
    std::vector<std::size_t> order(pieces.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    do {
        std::optional<packet::Frame> whole;
        std::size_t wire = 0;
        for (auto const which : order) {
            EXPECT_FALSE(whole);
            wire += pieces[which].size();
            whole = add(pieces[which], static_cast<base::Nanoseconds>(which));
        }
        ASSERT_TRUE(whole);
        EXPECT_EQ(Bytes(whole->bytes.begin(), whole->bytes.end()), test::frame(spec));
        EXPECT_EQ(whole->wire_length, wire);
        EXPECT_EQ(whole->time, static_cast<base::Nanoseconds>(order.back()));
    } while (std::next_permutation(order.begin(), order.end()));
    EXPECT_EQ(drops_[Drop::ip_fragment], 120 * 4U);
    EXPECT_EQ(drops_.total(), 120 * 4U);
    EXPECT_EQ(table_.bytes(), 0U);
}

TEST_F(Fragments, OfIpv4WithOptionsInPiecesOfEightBytes) {
    auto spec = udp(4000);
    spec.ip_options = test::hex("94040000 01010100");
    auto pieces = pieces4(spec, 8);
    std::shuffle(pieces.begin(), pieces.end(), std::mt19937(7));
    std::optional<packet::Frame> whole;
    for (auto const& piece : pieces) whole = add(piece);
    ASSERT_TRUE(whole);
    EXPECT_EQ(Bytes(whole->bytes.begin(), whole->bytes.end()), test::frame(spec));
}

TEST_F(Fragments, OfIpv6KeepAnAtomicFragmentHeader) {
    auto spec = udp(300);
    spec.source = "2001:db8::1";
    spec.destination = "2001:db8::2";
    std::optional<packet::Frame> whole;
    for (auto const& piece : pieces6(spec, 104)) whole = add(piece);
    ASSERT_TRUE(whole);
    auto const header = test::hex("11 00 0000 0000004d");  // UDP, offset 0, no more, id 77
    EXPECT_EQ(Bytes(whole->bytes.begin(), whole->bytes.end()),
              test::ethernet(0x86dd, test::ipv6(44, spec.source, spec.destination,
                                                header + test::transport(spec))));
    packet::Packet packet;
    EXPECT_FALSE(packet::decode(*whole, packet, packet::Tunnels::inner, packet::Fragments::none));
    EXPECT_EQ(packet.destination.port, spec.destination_port);
    EXPECT_EQ(packet.payload_length, 300U);
}

TEST_F(Fragments, InATunnelComeOutWithoutIt) {
    auto const spec = udp(80);
    auto const inner = [](Bytes const& frame) { return part(frame, 14, frame.size()); };
    std::optional<packet::Frame> whole;
    for (auto const& piece : pieces4(spec, 48)) {
        whole = add(test::ethernet(0x0800, test::ipv4(4, "192.0.2.1", "192.0.2.2", inner(piece))));
    }
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->link, packet::LinkType::ipv4);
    EXPECT_EQ(Bytes(whole->bytes.begin(), whole->bytes.end()), test::ip_packet(spec));
}

TEST_F(Fragments, OfDatagramsThatDifferInAnyPartOfTheirKeyStayApart) {
    auto const first = udp(40);
    auto others = std::vector(4, first);
    others[0].source = "10.0.0.9";
    others[1].destination = "10.0.0.9";
    others[2].ip_id = 2;
    others[3].protocol = packet::Protocol::tcp;
    EXPECT_FALSE(add(pieces4(first, 24)[0]));
    for (auto const& other : others) EXPECT_FALSE(add(pieces4(other, 24)[1]));
    EXPECT_TRUE(add(pieces4(first, 24)[1]));
}

TEST_F(Fragments, EqualOnesDoNoHarm) {
    auto const pieces = pieces4(udp(100), 40);
    for (auto const which : {2U, 2U, 0U, 0U, 2U}) EXPECT_FALSE(add(pieces[which]));
    EXPECT_TRUE(add(pieces[1]));
    EXPECT_EQ(drops_[Drop::ip_fragment], 5U);
}

TEST_F(Fragments, ThatCoverEachOtherAreRefused) {
    auto const spec = udp(100);
    auto other = spec;
    other.payload = counted(100, 1);
    // Teardrop: the second lies within the first. Then a partial overlap, and equal places with
    // other bytes, which is how evasions begin.
    expect_given_up({piece4(spec, 0, 48, true), piece4(other, 24, 32, false)},
                    Drop::fragment_overlap);
    drops_ = {};
    expect_given_up(
        {piece4(spec, 0, 48, true), piece4(spec, 40, 108, false), piece4(spec, 48, 108, false)},
        Drop::fragment_overlap);
    drops_ = {};
    expect_given_up({piece4(spec, 0, 48, true), piece4(other, 0, 48, true)},
                    Drop::fragment_overlap);
    drops_ = {};
    expect_given_up({piece4(spec, 48, 96, true), piece4(spec, 24, 56, true)},
                    Drop::fragment_overlap);
    drops_ = {};
    expect_given_up({piece4(spec, 96, 108, false), piece4(spec, 48, 100, false)},  // two ends
                    Drop::fragment_overlap);
}

TEST_F(Fragments, ThatCannotBePiecesAreRefused) {
    auto const spec = udp(65'000);
    auto far = piece4(spec, 0, 1000, false);
    test::set_u16(far, 14 + 6, 0x1fff);  // ping of death: ends behind 65,535
    expect_given_up({piece4(spec, 0, 1000, true), far}, Drop::fragment_malformed);
    drops_ = {};
    expect_given_up({piece4(spec, 0, 1001, true)}, Drop::fragment_malformed);  // not by eights
    drops_ = {};
    expect_given_up({piece4(spec, 8, 8, true)}, Drop::fragment_malformed);  // nothing in it
    drops_ = {};
    expect_given_up({piece4(spec, 96, 108, false), piece4(spec, 200, 208, true)},
                    Drop::fragment_malformed);  // behind the last one
}

TEST_F(Fragments, ThatMakeMoreThanAHeaderCanSayAreRefused) {
    auto const spec = udp(65'520);  // with headers 65,548
    for (auto const& piece : pieces4(spec, 8192)) EXPECT_FALSE(add(piece));
    EXPECT_EQ(drops_[Drop::fragment_malformed], 8U);
}

TEST_F(Fragments, ThatComeTooLateBelongToNothing) {
    auto const pieces = pieces4(udp(100), 56);
    EXPECT_FALSE(add(pieces[0], 0));
    EXPECT_FALSE(add(pieces4(udp(100, 9), 56)[0], 59 * second));
    EXPECT_EQ(drops_.total(), 0U);
    EXPECT_FALSE(add(pieces[1], 60 * second));
    EXPECT_EQ(drops_[Drop::fragment_timeout], 1U);
    table_.finish(drops_);
    EXPECT_EQ(drops_[Drop::fragment_incomplete], 2U);
    EXPECT_FALSE(add(pieces[0], -50 * second)) << "another capture has another clock";
    EXPECT_TRUE(add(pieces[1], -50 * second));
}

// A stamp of the year 2100 sets the clock: it may end what it finds, never what comes after it.
TEST_F(Fragments, AfterAnOddStampAreStillPutTogether) {
    EXPECT_FALSE(add(pieces4(udp(100, 1), 80)[0], 4'000'000'000 * second));
    for (std::uint16_t id = 2; id < 5; ++id) {
        auto const pieces = pieces4(udp(100, id), 80);
        EXPECT_FALSE(add(pieces[0], id * second));
        EXPECT_TRUE(add(pieces[1], id * second)) << id;
    }
    EXPECT_EQ(drops_[Drop::fragment_timeout], 0U);
}

TEST_F(Fragments, InAFloodAreEvictedOldestFirstInBoundedMemory) {
    table_ = FragmentTable({.memory = 1 << 20, .timeout = 0});
    std::uint64_t most = 0;
    for (std::uint32_t i = 0; i < 100'000; ++i) {
        auto const spec = udp(1000, static_cast<std::uint16_t>(i));
        auto flood = piece4(spec, 0, 800, true);
        test::set_u16(flood, 14 + 12, static_cast<std::uint16_t>(i >> 16U));
        EXPECT_FALSE(add(flood));
        most = std::max(most, table_.bytes());
    }
    EXPECT_LE(most, 1U << 20U);
    table_.finish(drops_);
    EXPECT_GT(drops_[Drop::fragment_evicted], 98'000U);
    EXPECT_EQ(drops_.total(), added_);
}

TEST_F(Fragments, GivenUpHoldNoMemoryButAPlace) {
    auto const spec = udp(60'000);
    EXPECT_FALSE(add(piece4(spec, 8, 50'000, true)));
    EXPECT_GT(table_.bytes(), 50'000U);
    EXPECT_FALSE(add(piece4(spec, 0, 16, true)));
    EXPECT_LT(table_.bytes(), 1'000U);
}

TEST_F(Fragments, LimitsAreChecked) {
    EXPECT_THROW(FragmentTable({.memory = 1000}), base::Error);
    EXPECT_THROW(FragmentTable({.timeout = -1}), base::Error);
    EXPECT_NO_THROW(FragmentTable({.memory = 0}));
}

}  // namespace
}  // namespace tessera::flow
