#include "example_report.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <scratch.hpp>

#include <tessera/base/files.hpp>

namespace tessera::evaluate {
namespace {

/// The command of a Chromium on this machine; empty when there is none.
std::string browser() {
    for (auto const* name : {"chromium", "chromium-browser", "google-chrome"}) {
        auto const look = fmt::format("command -v {} > /dev/null 2>&1", name);
        if (std::system(look.c_str()) == 0) return name;
    }
    return {};
}

/// Widths that a browser finds when it lays the page out.
struct LaidOut {
    int window = 0;
    int content = 0;   ///< of the page; above `window` the page scrolls sideways
    int pictures = 0;  ///< SVG elements with a size
};

// The page itself has no script; the copy that is measured gets one that tells its frame. A window
// cannot be made as narrow as a telephone, a frame can.
constexpr char const* measure = R"js(<script>
const seen = [...document.querySelectorAll("svg")].filter(s => s.getBoundingClientRect().height > 50);
parent.postMessage([innerWidth, document.documentElement.scrollWidth, seen.length].join(" "), "*");
</script></body>)js";

constexpr char const* frame = R"js(<!DOCTYPE html><script>
onmessage = message => document.title = "measured " + message.data;
</script><iframe src="page.html" style="border:0;width:{}px;height:900px"></iframe>)js";

LaidOut lay_out(std::string page, int width, test::Scratch const& scratch) {
    page.replace(page.rfind("</body>"), 7, measure);
    std::ofstream(scratch / "page.html") << page;
    std::ofstream(scratch / "frame.html") << fmt::format(frame, width);
    auto const command = fmt::format(
        "timeout 60 {} --headless --no-sandbox --disable-gpu --user-data-dir={} "
        "--window-size=1400,1000 --virtual-time-budget=3000 --dump-dom file://{} > {} 2> /dev/null",
        browser(), (scratch / "profile").string(), (scratch / "frame.html").string(),
        (scratch / "dom.html").string());
    EXPECT_EQ(std::system(command.c_str()), 0);
    auto const dom = base::read_text(scratch / "dom.html");
    LaidOut result;
    auto const at = dom.find("<title>measured ");
    if (at == std::string::npos) return result;
    std::istringstream(dom.substr(at + 16)) >> result.window >> result.content >> result.pictures;
    return result;
}

class Render : public testing::TestWithParam<int> {};

TEST_P(Render, NothingOverflowsThePage) {
    if (browser().empty()) GTEST_SKIP() << "no Chromium";
    test::Scratch const scratch;
    auto const report = test::example(0.8, 0.5);
    auto const seen = lay_out(report_html(report), GetParam(), scratch);
    EXPECT_EQ(seen.window, GetParam()) << "0: the page was not laid out";
    EXPECT_LE(seen.content, seen.window);
    EXPECT_EQ(seen.pictures, 7)
        << "controls, classes, confusion, calibration, rejection, label budget, loss";
}

INSTANTIATE_TEST_SUITE_P(Widths, Render, testing::Values(500, 1280));

}  // namespace
}  // namespace tessera::evaluate
