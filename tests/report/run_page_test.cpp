#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <markup_check.hpp>

#include <tessera/report/run_page.hpp>

namespace tessera::report {
namespace {

RunSummary example(int steps) {
    RunSummary run{
        "pretrain <first>", {{"ranks", "2"}, {"model", "a & b"}}, {}, "seed = 1\n[train]\n"};
    for (int step = 1; step <= steps; ++step) {
        auto const loss = 5 * std::exp(-step / 40.0) + 0.25;
        run.metrics.push_back({step,
                               "train",
                               {{"loss", loss},
                                {"mlm_accuracy", 1 - loss / 6},
                                {"lr", 1e-4 / step},
                                {"sequences_per_second", 100.0 + step % 7}}});
        if (step % 10 == 0) run.metrics.push_back({step, "valid", {{"loss", loss + 0.125}}});
    }
    return run;
}

TEST(RunPage, IsOneFileWithEveryPictureAndItsNumbers) {
    auto const pages = run_page(example(100));
    EXPECT_THAT(pages.html, testing::Not(testing::HasSubstr("http-equiv")));
    EXPECT_THAT(pages.html, testing::Not(testing::HasSubstr("src=")));
    EXPECT_THAT(pages.html, testing::Not(testing::HasSubstr("<script")));
    EXPECT_THAT(pages.html, testing::Not(testing::HasSubstr("<first>")));
    EXPECT_THAT(pages.html, testing::HasSubstr("seed = 1\n[train]"));
    for (auto const* title : {"Loss", "Masked-token accuracy", "Learning rate", "Throughput"}) {
        EXPECT_THAT(pages.html, testing::HasSubstr(">" + std::string(title) + "</text>"));
        EXPECT_THAT(pages.curves, testing::HasSubstr(">" + std::string(title) + "</text>"));
    }
    EXPECT_THAT(pages.html, testing::HasSubstr("<td class=\"right\">100</td>")) << "the last step";
    if (test::has_python()) {
        EXPECT_TRUE(test::is_well_formed(pages.html));
        EXPECT_TRUE(test::is_well_formed(pages.curves));
    }
}

TEST(RunPage, KeepsTablesShortAndEndsThemWithTheLastStep) {
    auto const figures = curve_figures(example(5'000).metrics);
    ASSERT_FALSE(figures.empty());
    EXPECT_EQ(figures[0].numbers.rows.size(), 40U);
    EXPECT_EQ(figures[0].numbers.rows.front()[0], "1");
    EXPECT_EQ(figures[0].numbers.rows.back()[0], "5000");
    EXPECT_THAT(figures[0].caption, testing::HasSubstr("valid 0.375 at step 5000"));
}

TEST(RunPage, SaysWhenThereIsNothingToShow) {
    auto const pages = run_page({"empty", {}, {}, ""});
    EXPECT_THAT(pages.html, testing::HasSubstr("No metrics were written yet."));
}

}  // namespace
}  // namespace tessera::report
