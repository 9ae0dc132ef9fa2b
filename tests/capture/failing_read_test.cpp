#include <functional>

#include <capture_builder.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <scratch.hpp>
#include <unistd.h>
#include <zlib.h>

#include <tessera/base/error.hpp>
#include <tessera/capture/capture_reader.hpp>
#include <tessera/capture/sliced_capture.hpp>

namespace tessera::capture {
namespace {

namespace fs = std::filesystem;

test::Bytes capture_of(std::size_t packets) {
    test::PcapWriter writer;
    test::PacketSpec const spec{.payload = test::Bytes(100)};
    auto const frame = test::frame(spec);
    for (std::size_t i = 0; i < packets; ++i) writer.add(frame);
    return writer.bytes();
}

void expect_unreadable(std::function<void()> const& read, fs::path const& file) {
    try {
        read();
        FAIL() << "no error";
    } catch (base::Error const& error) {
        EXPECT_EQ(error.code(), base::ExitCode::environment);
        EXPECT_THAT(error.what(), testing::HasSubstr("cannot read '" + file.string() + "'"));
        EXPECT_THAT(error.what(), testing::HasSubstr("bytes needed"));
    }
}

// It is no shorter capture, which would be a fault of the file: it stops whoever reads.
TEST(FailingRead, OfACaptureCutShortMeanwhileIsAnErrorWherever) {
    test::Scratch scratch;
    auto const whole = capture_of(50'000);
    for (std::size_t const left : {40'960U, 5'000'000U, 41'000U, 30U, 0U}) {
        auto const file = test::save(scratch / "a.pcap", whole);
        auto const reader = open_capture(file, {});
        packet::Frame frame;
        for (int i = 0; i < 1000; ++i) ASSERT_TRUE(reader->next(frame));
        ASSERT_EQ(::truncate(file.c_str(), static_cast<off_t>(left)), 0);
        expect_unreadable(
            [&] {
                while (reader->next(frame)) {
                }
            },
            file);
    }
}

TEST(FailingRead, OfAGzipFileIsNoDamagedData) {
    test::Scratch scratch;
    auto const file = scratch / "a.pcap.gz";
    auto* packed = gzopen(file.c_str(), "wb0");  // stored: as long as what it holds
    auto const whole = capture_of(50'000);
    auto const size = static_cast<unsigned>(whole.size());
    ASSERT_EQ(gzwrite(packed, whole.data(), size), static_cast<int>(size));
    gzclose(packed);
    auto const reader = open_capture(file, {});
    packet::Frame frame;
    for (int i = 0; i < 1000; ++i) ASSERT_TRUE(reader->next(frame));
    ASSERT_EQ(::truncate(file.c_str(), 2'000'000), 0);
    expect_unreadable(
        [&] {
            while (reader->next(frame)) {
            }
        },
        file);
}

TEST(FailingRead, OfASliceIsAnError) {
    test::Scratch scratch;
    auto const file = test::save(scratch / "a.pcap", capture_of(10'000));
    auto sliced = SlicedCapture::open(file, {}).value();
    ASSERT_EQ(::truncate(file.c_str(), 40'000), 0);
    expect_unreadable([&] { sliced.read(sliced.first_record(), 1'000'000, [](auto const&) {}); },
                      file);
}

}  // namespace
}  // namespace tessera::capture
