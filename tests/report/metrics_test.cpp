#include <gtest/gtest.h>

#include <tessera/base/error.hpp>
#include <tessera/report/metrics.hpp>

namespace tessera::report {
namespace {

TEST(Metrics, ReadsRowsAndLeavesOutNull) {
    auto const rows = read_metrics(
        "{\"step\":1,\"split\":\"train\",\"loss\":2.5,\"lr\":null}\n\n"
        "{\"step\":2,\"split\":\"valid\",\"loss\":2}\n");
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].step, 1);
    EXPECT_EQ(rows[0].split, "train");
    EXPECT_EQ(rows[0].value("loss"), 2.5);
    EXPECT_FALSE(rows[0].value("lr"));
    EXPECT_EQ(rows[1].value("loss"), 2.0);
}

TEST(Metrics, IgnoresALastLineThatACrashCut) {
    EXPECT_EQ(read_metrics("{\"step\":1}\n{\"step\":2,\"lo").size(), 1U);
    EXPECT_EQ(read_metrics("").size(), 0U);
}

TEST(Metrics, NamesTheBadLine) {
    try {
        read_metrics("{\"step\":1}\n[3]\n{\"step\":2}\n");
        FAIL() << "a bad line was read";
    } catch (base::Error const& error) {
        EXPECT_EQ(error.code(), base::ExitCode::bad_input);
        EXPECT_NE(std::string(error.what()).find("line 2"), std::string::npos) << error.what();
    }
}

}  // namespace
}  // namespace tessera::report
