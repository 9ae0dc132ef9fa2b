#include "markup.hpp"

#include <cmath>

#include <fmt/format.h>

#include <tessera/base/files.hpp>

namespace tessera::report {

std::string escaped(std::string_view text) {
    std::string out;
    for (char const c : base::printable(text)) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

std::string coordinate(double value) {
    auto const rounded = std::round(value * 100) / 100;
    return fmt::format("{:g}", rounded == 0 ? 0.0 : rounded);
}

// Series colours follow Okabe and Ito (2008), told apart by the colour-blind; the light set is
// darkened, the dark set lightened, until each has a contrast of 3:1 or more with its page.
std::string_view style_sheet() {
    return R"(:root{color-scheme:light dark;--page:#fff;--ink:#1b1f24;--muted:#59636e;--grid:#e2e6ea;
--panel:#f6f8fa;--accent:#0b62a4;--cell:#06406f;--on-cell:#fff;--warn:#b3261e;--warn-panel:#fdecea;
--s0:#0072b2;--s1:#d55e00;--s2:#00825f;--s3:#a8437f;--s4:#946400;--s5:#5b5fc7}
@media (prefers-color-scheme:dark){:root{--page:#14171b;--ink:#e6e8eb;--muted:#9aa4af;--grid:#2d343c;
--panel:#1c2127;--accent:#62b5f0;--cell:#62b5f0;--on-cell:#0b1117;--warn:#ff9c94;--warn-panel:#3a1f1d;
--s0:#56b4e9;--s1:#f58a4b;--s2:#33c89a;--s3:#e6a0c8;--s4:#e8b93e;--s5:#a9acf5}}
.chart{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;font-size:13px;
font-variant-numeric:tabular-nums;background:var(--page)}
.chart text{fill:var(--ink)}.chart .muted{fill:var(--muted)}.chart .title{font-size:15px;font-weight:600}
.chart .small{font-size:10.5px}.chart .end{text-anchor:end}.chart .middle{text-anchor:middle}
.chart .grid{stroke:var(--grid);stroke-width:1}.chart .axis{stroke:var(--muted);stroke-width:1}
.chart .line{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}
.chart .pale{fill:none;stroke-width:1;stroke-opacity:.3}
.chart .whisker{stroke:var(--ink);stroke-width:1.4;fill:none}.chart .track{fill:var(--grid);opacity:.45}
.chart .cell{fill:var(--cell)}.chart .frame{fill:none;stroke:var(--grid)}
.chart .hit{stroke:var(--ink);stroke-width:1;fill:none;opacity:.35}
.chart text.on{fill:var(--on-cell)}
.chart .s0{stroke:var(--s0)}.chart .s1{stroke:var(--s1)}.chart .s2{stroke:var(--s2)}
.chart .s3{stroke:var(--s3)}.chart .s4{stroke:var(--s4)}.chart .s5{stroke:var(--s5)}
.chart .f0{fill:var(--s0)}.chart .f1{fill:var(--s1)}.chart .f2{fill:var(--s2)}
.chart .f3{fill:var(--s3)}.chart .f4{fill:var(--s4)}.chart .f5{fill:var(--s5)}
)";
}

}  // namespace tessera::report
