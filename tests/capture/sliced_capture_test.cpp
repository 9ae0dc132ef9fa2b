// Slices of one file, put together, are the file: wherever it is cut, whatever the payload looks
// like.
#include <fstream>
#include <vector>

#include <capture_builder.hpp>
#include <gtest/gtest.h>
#include <packet_builder.hpp>
#include <scratch.hpp>

#include <tessera/capture/sliced_capture.hpp>

namespace tessera::capture {
namespace {

using test::Bytes;

void put_little(Bytes& bytes, std::uint32_t value) {
    for (unsigned i = 0; i < 4; ++i) bytes.push_back(static_cast<std::byte>(value >> (8 * i)));
}

Bytes record(std::uint32_t second, Bytes const& packet) {
    Bytes bytes;
    put_little(bytes, second);
    put_little(bytes, 7);
    put_little(bytes, static_cast<std::uint32_t>(packet.size()));
    put_little(bytes, static_cast<std::uint32_t>(packet.size()));
    bytes.insert(bytes.end(), packet.begin(), packet.end());
    return bytes;
}

/// 400 packets; each third one carries 40 records that look right and are none.
Bytes capture_with_decoys() {
    Bytes bytes = test::hex("d4c3b2a1 0200 0400 00000000 00000000 00000400 01000000");
    Bytes decoys;
    for (std::uint32_t i = 0; i < 40; ++i) {
        auto const decoy = record(i, Bytes(20, std::byte{0x11}));
        decoys.insert(decoys.end(), decoy.begin(), decoy.end());
    }
    for (std::uint32_t i = 0; i < 400; ++i) {
        auto const one = record(i, i % 3 == 0 ? decoys : Bytes(60 + i, std::byte{0x22}));
        bytes.insert(bytes.end(), one.begin(), one.end());
    }
    return bytes;
}

class Sliced : public testing::Test {
  protected:
    std::filesystem::path written(Bytes const& bytes) {
        auto const path = scratch_ / "a.pcap";
        std::ofstream file(path, std::ios::binary);
        file.write(reinterpret_cast<char const*>(bytes.data()),
                   static_cast<std::streamsize>(bytes.size()));
        return path;
    }

    test::Scratch scratch_;
};

std::vector<std::size_t> sizes(CaptureReader& reader) {
    std::vector<std::size_t> found;
    packet::Frame frame;
    while (reader.next(frame)) found.push_back(frame.bytes.size());
    return found;
}

TEST_F(Sliced, WalksMeetWhereTheyShould) {
    auto const path = written(capture_with_decoys());
    auto const whole = sizes(*open_capture(path));
    ASSERT_EQ(whole.size(), 400U);
    auto sliced = SlicedCapture::open(path, {});
    ASSERT_TRUE(sliced);
    for (std::uint64_t const chunk : {100U, 1000U, 4096U, 50'000U}) {
        std::vector<std::size_t> parts;
        auto begin = sliced->first_record();
        for (std::uint64_t until = chunk; begin < sliced->size(); until += chunk) {
            if (begin >= until) continue;
            auto const walk = sliced->walk(begin, until);
            EXPECT_FALSE(walk.fault);
            auto const before = parts.size();
            auto const again = sliced->read(begin, until, [&](packet::Frame const& frame) {
                parts.push_back(frame.bytes.size());
            });
            EXPECT_EQ(parts.size() - before, walk.records);
            EXPECT_EQ(again.end, walk.end);
            begin = walk.end;
        }
        EXPECT_EQ(parts, whole) << chunk;
    }
}

// A guess may fall for the decoys: it is a believable place, no more. From a true record on it is
// that record.
TEST_F(Sliced, GuessFindsARecordThatIsThere) {
    auto sliced = SlicedCapture::open(written(capture_with_decoys()), {});
    ASSERT_TRUE(sliced);
    EXPECT_EQ(sliced->guess(sliced->first_record()), sliced->first_record());
    auto const next = sliced->walk(sliced->first_record(), 25).end;
    EXPECT_EQ(sliced->guess(next), next);
    EXPECT_EQ(sliced->guess(sliced->size()), sliced->size());
}

TEST_F(Sliced, FaultLiesWhereTheWholeFileHasIt) {
    auto bytes = capture_with_decoys();
    bytes.erase(bytes.end() - 5, bytes.end());
    auto const path = written(bytes);
    auto const reader = open_capture(path);
    auto const all = sizes(*reader).size();
    auto sliced = SlicedCapture::open(path, {});
    auto const first = sliced->walk(sliced->first_record(), 20'000);
    auto const rest = sliced->walk(first.end, sliced->size());
    EXPECT_TRUE(rest.fault);
    EXPECT_EQ(first.records + rest.records, all);
    EXPECT_EQ(rest.end, reader->fault()->offset);
    EXPECT_EQ(sliced->fault()->reason, reader->fault()->reason);
    EXPECT_EQ(sliced->fault()->record, rest.records + 1);
}

TEST_F(Sliced, OtherFilesAreNone) {
    EXPECT_FALSE(SlicedCapture::open(written(test::hex("0a0d0d0a 1c000000")), {}));
    EXPECT_FALSE(SlicedCapture::open(written(test::hex("1f8b0808")), {}));
    EXPECT_FALSE(SlicedCapture::open(written({}), {}));
    EXPECT_FALSE(SlicedCapture::open(scratch_.path(), {}));
}

}  // namespace
}  // namespace tessera::capture
