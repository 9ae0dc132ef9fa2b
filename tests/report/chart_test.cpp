#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <markup_check.hpp>

#include <tessera/report/bar_chart.hpp>
#include <tessera/report/confusion_chart.hpp>
#include <tessera/report/line_chart.hpp>

namespace tessera::report {
namespace {

constexpr char const* hostile = "<script>alert(\"1\" & '2')</script>\x01\xff";

std::size_t count(std::string const& text, std::string const& part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

void expect_clean(std::string const& svg) {
    EXPECT_EQ(svg.find("<script"), std::string::npos);
    EXPECT_EQ(svg.find('\x01'), std::string::npos);
    EXPECT_EQ(svg.find("nan"), std::string::npos);
    EXPECT_EQ(svg.find("inf"), std::string::npos);
    if (test::has_python()) {
        EXPECT_TRUE(test::is_well_formed(svg)) << svg;
    }
}

TEST(LineChart, EscapesAllText) {
    expect_clean(to_svg(LineChart{hostile,
                                  hostile,
                                  hostile,
                                  Scale::linear,
                                  Scale::linear,
                                  {{hostile, {{0, 1}, {1, 2}}, Stroke::solid},
                                   {hostile, {{0, 3}, {1, 2}}, Stroke::dashed}}}));
}

TEST(LineChart, LeavesGapsForValuesThatCannotBeDrawn) {
    auto const nan = std::numeric_limits<double>::quiet_NaN();
    auto const infinity = std::numeric_limits<double>::infinity();
    LineChart chart{"t", "x", "y", Scale::linear, Scale::log, {}};
    chart.series.push_back(
        {"s", {{0, 1}, {1, 2}, {2, nan}, {3, 4}, {4, 5}, {5, 0}, {6, infinity}}, Stroke::solid});
    auto const svg = to_svg(chart);
    expect_clean(svg);
    auto const path = svg.substr(svg.find("<path d=\""), svg.find("class=\"line"));
    EXPECT_EQ(count(path.substr(0, path.find("\" class")), "M"), 2U);
}

TEST(LineChart, DrawsWithoutAnyPoint) {
    expect_clean(to_svg(LineChart{"empty", "x", "y", Scale::linear, Scale::log, {}}));
    expect_clean(to_svg(std::vector<LineChart>{}));
}

TEST(LineChart, KeepsASpikeOfALongSeries) {
    Series series{"s", {}, Stroke::solid};
    for (int i = 0; i < 100'000; ++i) series.points.push_back({i * 1.0, i == 43'210 ? 9.0 : 0.5});
    auto const svg = to_svg(LineChart{"t", "x", "y", Scale::linear, Scale::linear, {series}});
    EXPECT_LT(svg.size(), 60'000U);
    // The axis ends at 10, so the spike stands at 9/10 of the plot: y = 62 + 194 * 0.1.
    EXPECT_NE(svg.find(" 81.4L"), std::string::npos);
}

TEST(ConfusionChart, ShowsCountsAndSharesOfTheRow) {
    auto const svg = to_svg(ConfusionChart{"c", {"mail", "web"}, {3, 1, 0, 7}});
    expect_clean(svg);
    EXPECT_THAT(svg, testing::HasSubstr("mail taken for web: 1 (25 %)"));
    EXPECT_THAT(svg, testing::HasSubstr(">75</text>"));
    EXPECT_THAT(svg, testing::HasSubstr(">100</text>"));
    EXPECT_EQ(count(svg, "class=\"cell\""), 3U) << "an empty cell is left blank";
}

TEST(ConfusionChart, StandsHostileAndManyClasses) {
    expect_clean(to_svg(ConfusionChart{hostile, {hostile, ""}, {0, 0, 0, 0}}));
    std::vector<std::string> const names(120, "a rather long class name that has to be cut");
    auto const svg = to_svg(ConfusionChart{"many", names, std::vector<std::uint64_t>(14'400, 1)});
    expect_clean(svg);
    EXPECT_EQ(count(svg, "class=\"small middle"), 0U);
}

TEST(BarChart, ShowsValuesNotesAndWhiskers) {
    auto const svg = to_svg(BarChart{"F1 by class",
                                     "F1",
                                     1.0,
                                     {{"mail", 0.912, {{0.8, 0.95}}, "n = 12", false},
                                      {hostile, std::nan(""), std::nullopt, hostile, true}}});
    expect_clean(svg);
    EXPECT_THAT(svg, testing::HasSubstr(">0.912</text>"));
    EXPECT_THAT(svg, testing::HasSubstr(">n = 12</text>"));
    EXPECT_EQ(count(svg, "\"whisker\""), 1U);
}

}  // namespace
}  // namespace tessera::report
