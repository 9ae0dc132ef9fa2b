#include <cmath>

#include <gtest/gtest.h>

#include <tessera/report/exposition.hpp>

namespace tessera::report {
namespace {

TEST(Exposition, GaugesWithRunAndSplit) {
    EXPECT_EQ(
        exposition("/runs/a", "train", 12, {{"loss", 0.5}, {"sequences_per_second", 100}}, 3.5),
        "# TYPE tessera_step gauge\n"
        "tessera_step{run=\"/runs/a\",split=\"train\"} 12\n"
        "# TYPE tessera_recorded_seconds gauge\n"
        "tessera_recorded_seconds{run=\"/runs/a\",split=\"train\"} 3.5\n"
        "# TYPE tessera_loss gauge\n"
        "tessera_loss{run=\"/runs/a\",split=\"train\"} 0.5\n"
        "# TYPE tessera_sequences_per_second gauge\n"
        "tessera_sequences_per_second{run=\"/runs/a\",split=\"train\"} 100\n");
}

TEST(Exposition, NamesFromStrangersAndNumbersThatAreNone) {
    auto const text = exposition("a\"b\\c\nd", "train", 1, {{"best-loss%", 1}, {"loss", NAN}}, 0);
    EXPECT_NE(text.find("run=\"a\\\"b\\\\c\\nd\""), std::string::npos);
    EXPECT_NE(text.find("tessera_best_loss_{"), std::string::npos);
    EXPECT_EQ(text.find("tessera_loss"), std::string::npos);
}

}  // namespace
}  // namespace tessera::report
