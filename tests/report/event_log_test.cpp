#include <array>

#include <gtest/gtest.h>
#include <markup_check.hpp>

#include <tessera/report/event_log.hpp>

namespace tessera::report {
namespace {

std::uint32_t crc_of(std::string const& text) {
    return crc32c(std::as_bytes(std::span(text.data(), text.size())));
}

// RFC 3720, appendix B.4.
TEST(EventLog, ChecksumEqualsThePublishedVectors) {
    EXPECT_EQ(crc_of("123456789"), 0xE3069283U);
    EXPECT_EQ(crc_of(std::string(32, '\0')), 0x8A9136AAU);
    EXPECT_EQ(crc_of(std::string(32, '\xff')), 0x62A8AB43U);
    EXPECT_EQ(crc_of(""), 0U);
}

TEST(EventLog, IsReadByAnIndependentDecoder) {
    if (!test::has_python()) GTEST_SKIP() << "no python3";
    test::Scratch const scratch;
    EventLog log(base::local_files(), scratch.path(), 1'700'000'000.5, "test.0");
    std::array const first{Scalar{"train/loss", 2.5F}, Scalar{"train/lr", 0.125F}};
    std::array const second{Scalar{"valid/loss", -1.0F}};
    log.add(1, 1'700'000'001.0, first);
    log.add(300'000'000'000, 1'700'000'002.25, second);
    log.close();

    auto const command = "python3 " TESSERA_SOURCE_DIR "/tests/report/read_events.py " +
                         (scratch / "events.out.tfevents.1700000000.test.0").string() + " > " +
                         (scratch / "scalars.txt").string();
    ASSERT_EQ(std::system(command.c_str()), 0);
    EXPECT_EQ(base::read_text(scratch / "scalars.txt"),
              "1 1700000001.0 train/loss 2.5\n"
              "1 1700000001.0 train/lr 0.125\n"
              "300000000000 1700000002.25 valid/loss -1.0\n");
}

}  // namespace
}  // namespace tessera::report
