// The same packets come out of plain, gzip and zstd files and out of pipes; damage is located.
#include "read_all.hpp"

#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <tessera/base/error.hpp>

namespace tessera::capture {

using test::Bytes;
using test::read_all;
using test::operator+;
using testing::HasSubstr;

namespace {

Bytes gzip(Bytes const& plain) {
    z_stream state{};
    deflateInit2(&state, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    Bytes packed(deflateBound(&state, plain.size()) + 64);
    auto input = plain;
    state.next_in = reinterpret_cast<Bytef*>(input.data());
    state.avail_in = static_cast<uInt>(input.size());
    state.next_out = reinterpret_cast<Bytef*>(packed.data());
    state.avail_out = static_cast<uInt>(packed.size());
    deflate(&state, Z_FINISH);
    packed.resize(state.total_out);
    deflateEnd(&state);
    return packed;
}

Bytes zstd(Bytes const& plain) {
    Bytes packed(ZSTD_compressBound(plain.size()));
    packed.resize(ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), 3));
    return packed;
}

// More than one buffer of the stream, so that it slides and grows.
Bytes sample() {
    test::PcapWriter writer;
    for (unsigned i = 0; i < 40; ++i) {
        writer.add(test::frame({.source_port = static_cast<std::uint16_t>(i),
                                .payload = Bytes(i * 2500 + 1, static_cast<std::byte>(i))}),
                   i * 1'000'000);
    }
    return writer.bytes();
}

void expect_sample(test::ReadCapture const& read) {
    auto const plain = read_all(sample());
    EXPECT_FALSE(read.fault) << to_text(*read.fault);
    ASSERT_EQ(read.packets.size(), plain.packets.size());
    for (std::size_t i = 0; i < plain.packets.size(); ++i) {
        EXPECT_EQ(read.packets[i].bytes, plain.packets[i].bytes);
        EXPECT_EQ(read.packets[i].time, plain.packets[i].time);
    }
}

Bytes front(Bytes const& bytes, std::size_t size) {
    return Bytes(bytes.begin(), bytes.begin() + static_cast<long>(size));
}

}  // namespace

TEST(Compressed, Gzip) {
    auto const read = read_all(gzip(sample()));
    EXPECT_EQ(read.format, "pcap us LE in gzip");
    expect_sample(read);
}

TEST(Compressed, Zstd) {
    auto const read = read_all(zstd(sample()));
    EXPECT_EQ(read.format, "pcap us LE in zstd");
    expect_sample(read);
}

TEST(Compressed, SeveralMembersOrFrames) {
    auto const plain = sample();
    auto const cut = plain.size() / 3;
    auto const rest = Bytes(plain.begin() + static_cast<long>(cut), plain.end());
    expect_sample(read_all(gzip(front(plain, cut)) + gzip({}) + gzip(rest)));
    expect_sample(read_all(zstd(front(plain, cut)) + zstd({}) + zstd(rest)));
}

TEST(Compressed, CutDataKeepWhatCameBefore) {
    for (auto const& packed : {gzip(sample()), zstd(sample())}) {
        auto const read = read_all(front(packed, packed.size() - 3));
        ASSERT_TRUE(read.fault);
        EXPECT_THAT(read.fault->reason, HasSubstr("end before their time"));
    }
    auto const half = gzip(sample());
    auto const read = read_all(front(half, half.size() / 2));
    ASSERT_TRUE(read.fault);
    EXPECT_GT(read.packets.size(), 0U);
    EXPECT_LT(read.packets.size(), 40U);
}

TEST(Compressed, DamageIsLocated) {
    auto packed = gzip(sample());
    packed[packed.size() - 8] ^= std::byte{0xff};  // the checksum at the end
    auto const read = read_all(packed);
    EXPECT_EQ(read.packets.size(), 40U);
    EXPECT_THAT(read.fault.value().reason, HasSubstr("damaged gzip data at byte"));
    EXPECT_THAT(read_all(gzip(sample()) + test::text("trailing")).fault.value().reason,
                HasSubstr("no gzip member"));
}

TEST(Compressed, SizeIsLimited) {
    CaptureLimits limits;
    limits.decompressed = 100'000;
    for (auto const& packed : {gzip(sample()), zstd(sample())}) {
        auto const read = read_all(packed, limits);
        EXPECT_GT(read.packets.size(), 0U);
        EXPECT_THAT(read.fault.value().reason, HasSubstr("more than 100000 bytes"));
    }
    limits.decompressed = static_cast<std::int64_t>(sample().size());
    expect_sample(read_all(gzip(sample()), limits));
}

TEST(Compressed, WhatIsPackedIsNoCapture) {
    try {
        read_all(gzip(test::text("#!/bin/sh")));
        FAIL();
    } catch (base::Error const& error) {
        EXPECT_THAT(error.what(), HasSubstr("0x23212f62"));
    }
    EXPECT_THROW(read_all(gzip({})), base::Error);
    EXPECT_THROW(read_all(test::hex("1f8b")), base::Error);
    EXPECT_THROW(read_all(test::hex("28b52ffd")), base::Error);
}

TEST(Compressed, ProgressCountsPackedBytes) {
    test::Scratch const scratch;
    auto const packed = gzip(sample());
    auto const reader = open_capture(test::save(scratch / "a", packed));
    EXPECT_EQ(reader->size(), packed.size());
    for (packet::Frame frame; reader->next(frame);) {
    }
    EXPECT_EQ(reader->position(), packed.size());
}

TEST(Pipe, PlainAndPacked) {
    for (auto const& bytes : {sample(), gzip(sample()), zstd(sample())}) {
        test::Scratch const scratch;
        auto const path = scratch / "pipe";
        ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
        std::thread writer([&] { test::save(path, bytes); });
        auto const read = read_all(path);
        writer.join();
        expect_sample(read);
    }
}

// A live capture comes in by the packet: none may wait for those after it.
TEST(Pipe, PacketsComeOutAsTheyComeIn) {
    test::Scratch const scratch;
    auto const path = scratch / "pipe";
    ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
    auto const input = open(path.c_str(), O_RDWR);  // never at its end while this is open
    test::PcapWriter capture;
    std::size_t sent = 0;
    auto const send = [&] {
        auto const piece =
            Bytes(capture.bytes().begin() + static_cast<long>(sent), capture.bytes().end());
        sent += piece.size();
        return write(input, piece.data(), piece.size()) == static_cast<long>(piece.size());
    };
    ASSERT_TRUE(send());
    auto const reader = open_capture(path);
    for (int i = 0; i < 3; ++i) {
        capture.add(test::frame({}));
        ASSERT_TRUE(send());
        packet::Frame frame;
        EXPECT_TRUE(reader->next(frame));
        EXPECT_EQ(Bytes(frame.bytes.begin(), frame.bytes.end()), test::frame({}));
    }
    close(input);
}

}  // namespace tessera::capture
