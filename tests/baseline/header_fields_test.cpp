#include "made_flows.hpp"

#include <gtest/gtest.h>
#include <scratch.hpp>

#include <tessera/base/error.hpp>
#include <tessera/baseline/field_grades.hpp>
#include <tessera/baseline/header_fields.hpp>

namespace tessera::baseline {
namespace {

using Bytes = std::vector<std::uint8_t>;

base::ByteSpan view(Bytes const& bytes) {
    return std::as_bytes(std::span(bytes));
}

/// A ClientHello whose only extensions are an empty one and the server name (RFC 8446, RFC 6066).
Bytes client_hello(std::string const& host) {
    auto const size = static_cast<std::uint8_t>(host.size());
    Bytes bytes{22,
                3,
                1,
                0,
                static_cast<std::uint8_t>(62 + size),  // record
                1,
                0,
                0,
                static_cast<std::uint8_t>(58 + size),  // ClientHello
                3,
                3};
    bytes.insert(bytes.end(), 32, 7);                     // random
    bytes.insert(bytes.end(), {0, 0, 2, 0x13, 1, 1, 0});  // no session, one cipher, null
    bytes.insert(bytes.end(), {0, static_cast<std::uint8_t>(13 + size)});
    bytes.insert(bytes.end(), {0, 23, 0, 0});  // extended master secret
    bytes.insert(bytes.end(), {0, 0, 0, static_cast<std::uint8_t>(5 + size), 0,
                               static_cast<std::uint8_t>(3 + size), 0, 0, size});
    bytes.insert(bytes.end(), host.begin(), host.end());
    return bytes;
}

/// IPv4 and TCP headers with a time stamp, written out after RFC 791 and RFC 9293.
Bytes tcp_packet(Bytes const& payload, std::uint8_t host, std::uint8_t sequence = 0x14) {
    auto const total = static_cast<std::uint8_t>(52 + payload.size());
    Bytes bytes{0x45, 0x02, 0,    total,    0x12, 0x34, 0x40, 0,     // .., identification, flags
                0x3f, 6,    0xaa, 0xbb,     10,   0,    0,    1,     // ttl, tcp, checksum, source
                10,   0,    0,    host,     0x13, 0x88, 0x01, 0xbb,  // destination, ports
                0x11, 0x12, 0x13, sequence, 0x21, 0x22, 0x23, 0x24,  // sequence, acknowledgement
                0x80, 0x18, 0x01, 0xf5,     0xcc, 0xdd, 0,    0,     // flags, window, checksum
                1,    1,    8,    10,       0,    0,    0x31, 0x32, 0, 0, 0x41, 0x42};
    for (auto const byte : payload) bytes.push_back(byte);
    return bytes;
}

test::MadeFlow flow_of(std::vector<Bytes> const& packets, std::uint16_t port, std::int32_t label) {
    auto flow = test::flow_between(test::endpoint_v4(1, port), test::endpoint_v4(2, 443),
                                   packet::Protocol::tcp);
    for (auto const& bytes : packets) {
        test::add_packet(flow, flow::Direction::forward, 1, bytes,
                         static_cast<std::uint32_t>(bytes.size() + 42));
    }
    return {flow, 0, {label}};
}

std::size_t place_of(std::string const& name) {
    auto const& fields = header_fields();
    for (std::size_t i = 0; i < fields.size(); ++i) {
        if (fields[i].name == name) return i;
    }
    throw std::out_of_range(name);
}

TEST(TlsServerName, IsReadFromAClientHello) {
    auto const hello = client_hello("www.example.org");
    EXPECT_EQ(tls_server_name(view(hello)), "www.example.org");
    for (std::size_t size = 0; size < hello.size(); ++size) {
        EXPECT_EQ(tls_server_name(view(hello).first(size)), std::nullopt) << size;
    }
    EXPECT_EQ(tls_server_name(view(Bytes(200, 22))), std::nullopt);
}

TEST(BytesOf, UndoesTokenizers) {
    Bytes const bytes{1, 2, 3, 255};
    for (auto const& [name, append] : {std::pair("bigram", &token::append_bigrams),
                                       std::pair("bigram-pairs", &token::append_bigram_pairs),
                                       std::pair("byte", &token::append_bytes)}) {
        std::vector<token::TokenId> tokens;
        append(view(bytes), tokens);
        EXPECT_TRUE(std::ranges::equal(bytes_of(tokens, name), view(bytes))) << name;
        EXPECT_TRUE(bytes_of({}, name).empty());
    }
    EXPECT_THROW(bytes_of({}, "wordpiece"), base::Error);
}

class Fields : public testing::Test {
  protected:
    dataset::Store store_with(std::vector<test::MadeFlow> flows) {
        test::write_store(base::local_files(), scratch_.path(), {{{"a.pcap"}, std::move(flows)}},
                          test::three_classes());
        return dataset::open_store(scratch_.path());
    }

    test::Scratch scratch_;
};

TEST_F(Fields, StandWhereTheStandardsPutThem) {
    auto const store = store_with({flow_of(
        {tcp_packet({9, 8, 7, 6}, 2), tcp_packet(client_hello("a.example"), 2)}, 5000, 0)});
    auto const values = field_values(store, store.flow(0));
    auto const value = [&](std::string const& name) { return values.at(place_of(name)); };
    EXPECT_EQ(value("IP identification, flow label"), 0x1234U);
    EXPECT_EQ(value("IP time to live"), 0x3fU);
    EXPECT_EQ(value("IPv4 checksum"), 0xaabbU);
    EXPECT_EQ(value("source address"), 0x0a000001U);
    EXPECT_EQ(value("destination port"), 443U);
    EXPECT_EQ(value("TCP sequence number"), 0x11121314U);
    EXPECT_EQ(value("TCP acknowledgement number"), 0x21222324U);
    EXPECT_EQ(value("TCP header length and flags"), 0x8018U);
    EXPECT_EQ(value("TCP window"), 0x1f5U);
    EXPECT_EQ(value("TCP, UDP checksum"), 0xccddU);
    EXPECT_EQ(value("TCP time stamp"), 0x3132U);
    EXPECT_EQ(value("TCP time stamp echo"), 0x4142U);
    EXPECT_EQ(value("TCP maximum segment"), std::nullopt);
    EXPECT_EQ(value("UDP length"), std::nullopt);
    EXPECT_EQ(value("first 4 bytes of payload"), 0x09080706U);
    EXPECT_NE(value("TLS server name"), std::nullopt) << "in the second packet";
}

TEST_F(Fields, AreAbsentWhereNoHeaderWasKept) {
    auto const store = store_with({flow_of({{1, 2, 3}}, 5000, 0)});
    for (auto const& value : field_values(store, store.flow(0))) EXPECT_EQ(value, std::nullopt);
}

TEST_F(Fields, AreGradedOneByOne) {
    std::vector<test::MadeFlow> flows;
    for (std::uint8_t i = 0; i < 90; ++i) {
        auto const label = i % 3;
        auto const near_label = static_cast<std::uint8_t>(80 * label + i / 3);
        auto const host = static_cast<std::uint8_t>(20 + label);
        flows.push_back(flow_of({tcp_packet({static_cast<std::uint8_t>(i)}, host, near_label)},
                                static_cast<std::uint16_t>(5000 + i), label));
    }
    auto const store = store_with(flows);
    auto const split = dataset::make_split(store, {});
    auto const grades = field_grades(store, split, 0);
    auto const accuracy = [&](std::string const& name) {
        auto const& all = grades.at(place_of(name)).predictions;
        double right = 0;
        for (std::size_t i = 0; i < all.size(); ++i) right += all.labels[i] == all.predicted[i];
        return right / static_cast<double>(all.size());
    };
    EXPECT_EQ(accuracy("destination address"), 1);
    EXPECT_GT(accuracy("TCP sequence number"), 0.9) << "near numbers, none seen before";
    EXPECT_LT(accuracy("IP time to live"), 0.7) << "the same for all";
    auto const& address = grades.at(place_of("destination address"));
    EXPECT_EQ(address.train_values, 3U);
    EXPECT_EQ(address.known_flows, address.predictions.size());
    EXPECT_EQ(grades.at(place_of("TCP sequence number")).known_flows, 0U);
}

TEST(ValueLookUp, TakesTheNearestOfACounter) {
    ValueLookUp counter(2, true);
    counter.add(100, 0);
    counter.add(200, 1);
    counter.add(std::nullopt, 1);
    EXPECT_EQ(counter.shares(120), (std::vector<float>{1, 0}));
    EXPECT_EQ(counter.shares(180), (std::vector<float>{0, 1}));
    EXPECT_EQ(counter.shares(5), (std::vector<float>{1, 0}));
    EXPECT_EQ(counter.shares(5000), (std::vector<float>{0, 1}));
    EXPECT_EQ(counter.shares(std::nullopt), (std::vector<float>{0, 1}));
    ValueLookUp plain(2, false);
    plain.add(100, 0);
    plain.add(200, 1);
    EXPECT_EQ(plain.shares(120), (std::vector<float>{0.5F, 0.5F}));
}

}  // namespace
}  // namespace tessera::baseline
