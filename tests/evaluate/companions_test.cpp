#include "example_report.hpp"

#include <gtest/gtest.h>
#include <scratch.hpp>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/evaluate/companions.hpp>

namespace tessera::evaluate {
namespace {

class Companions : public testing::Test {
  protected:
    Companions() { report_.provenance.emplace_back("masking", "default"); }

    Companion read() const {
        publish_report(base::local_files(), scratch_ / "report", report_);
        return read_companion("other", scratch_ / "report");
    }

    test::Scratch scratch_;
    Report report_ = test::example(0.8, 0.5);
};

TEST_F(Companions, AreReadFromTheReportOfARun) {
    auto const companion = read();
    EXPECT_EQ(companion.classes, report_.model.predictions.classes);
    EXPECT_EQ(companion.split_by, "capture");
    EXPECT_EQ(companion.test_flows, 120U);
    EXPECT_DOUBLE_EQ(companion.macro_f1, report_.model.scores.seen.macro.f1);
}

TEST_F(Companions, OfPacketsCountByTheVotesOfAFlow) {
    report_.votes = {report_.controls.front()};
    EXPECT_DOUBLE_EQ(read().macro_f1, report_.controls.front().scores.seen.macro.f1);
}

TEST_F(Companions, OfAnotherTestAreRefusedOrTold) {
    auto const own = read();
    EXPECT_TRUE(other_tests(own, {own}).empty());
    auto fewer = own;
    fewer.test_flows = 7;
    auto const lines = other_tests(own, {fewer});
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines.front(), "'other' beside it was graded on 7 test flows, this model on 120.");
    auto classes = own;
    classes.classes.pop_back();
    EXPECT_THROW(other_tests(own, {classes}), base::Error);
    auto split = own;
    split.split_by = "flow";
    EXPECT_THROW(other_tests(own, {split}), base::Error);
}

}  // namespace
}  // namespace tessera::evaluate
