#include "markup.hpp"

#include <fmt/format.h>

#include <tessera/report/page.hpp>

namespace tessera::report {

namespace {

constexpr std::string_view page_style = R"(*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);line-height:1.5;
font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:1180px;margin:0 auto;padding:2rem 1rem 4rem}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 1rem;overflow-wrap:anywhere}
h2{font-size:1.2rem;margin:2.4rem 0 .6rem;padding-bottom:.3rem;border-bottom:1px solid var(--grid)}
p{max-width:75ch;margin:.6rem 0}
.headline{font-size:1.15rem;max-width:none;padding:.8rem 1rem;border-radius:6px;
background:var(--panel);border-left:4px solid var(--accent);overflow-wrap:anywhere}
.headline.warning{background:var(--warn-panel);border-left-color:var(--warn)}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem;margin:.6rem 0}
th,td{padding:.25rem .7rem;text-align:left;border-bottom:1px solid var(--grid);white-space:nowrap}
th{color:var(--muted);font-weight:600}
.right{text-align:right}
td:last-child:not(.right){white-space:normal;overflow-wrap:anywhere;min-width:12ch}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:1.4rem}
figure{margin:0 0 1rem;min-width:0}
figure svg{display:block;width:100%;height:auto}
.figures figure svg{max-width:600px}
figcaption{color:var(--muted);font-size:.9rem;margin:.3rem 0}
details{margin:.3rem 0}
summary{cursor:pointer;color:var(--accent)}
pre{overflow-x:auto;background:var(--panel);padding:.8rem;border-radius:6px;font-size:.82rem}
)";

std::string scrolling(std::string_view inner) {
    return fmt::format("<div class=\"scroll\">{}</div>\n", inner);
}

std::string numbers_fold(Table const& numbers) {
    return fmt::format("<details><summary>Numbers</summary>{}</details>",
                       scrolling(to_html(numbers)));
}

/// A picture on a page needs no style of its own: the page has the same rules.
std::string embedded(std::string_view svg) {
    constexpr std::string_view closing = "</style>";
    auto const begin = svg.find("<style>");
    auto const end = svg.find(closing);
    if (begin == std::string_view::npos || end == std::string_view::npos) return std::string(svg);
    return std::string(svg.substr(0, begin)).append(svg.substr(end + closing.size()));
}

std::string figure_html(Figure const& figure, std::string_view picture) {
    return fmt::format("<figure>{}<figcaption>{}</figcaption>{}</figure>\n", picture,
                       escaped(figure.caption), numbers_fold(figure.numbers));
}

/// The natural width written in the picture's own root element.
double natural_width(std::string_view svg) {
    constexpr std::string_view attribute = "width=\"";
    auto const at = svg.find(attribute);
    return at == std::string_view::npos ? 0 : std::stod(std::string(svg.substr(at + 7, 12)));
}

std::string escaped_lines(std::string_view text) {
    std::string lines;
    while (!text.empty()) {
        auto const end = text.find('\n');
        lines += escaped(text.substr(0, end)) + "\n";
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return lines;
}

}  // namespace

Page::Page(std::string_view title) : title_(escaped(title)) {}

void Page::headline(std::string_view text, Tone tone) {
    body_ += fmt::format("<p class=\"headline{}\">{}</p>\n",
                         tone == Tone::warning ? " warning" : "", escaped(text));
}

void Page::heading(std::string_view text) {
    body_ += fmt::format("<h2>{}</h2>\n", escaped(text));
}

void Page::paragraph(std::string_view text) {
    body_ += fmt::format("<p>{}</p>\n", escaped(text));
}

void Page::table(Table const& table) {
    body_ += scrolling(to_html(table));
}

void Page::figures(std::vector<Figure> const& figures) {
    body_ += "<div class=\"figures\">\n";
    for (auto const& figure : figures) body_ += figure_html(figure, embedded(figure.svg));
    body_ += "</div>\n";
}

// Text below about 80 % of its size is hard to read: from there on the frame scrolls.
void Page::wide_figure(Figure const& figure) {
    auto const width = natural_width(figure.svg);
    auto const picture =
        fmt::format("<div style=\"min-width:{}px;max-width:{}px\">{}</div>",
                    coordinate(0.8 * width), coordinate(width), embedded(figure.svg));
    body_ += figure_html(figure, scrolling(picture));
}

void Page::fold(std::string_view summary, std::string_view text) {
    body_ += fmt::format("<details><summary>{}</summary><pre>{}</pre></details>\n",
                         escaped(summary), escaped_lines(text));
}

std::string Page::html() const {
    return fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>"
        "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"/>"
        "<title>{0}</title><style>{1}{2}</style></head>\n<body><main><h1>{0}</h1>\n{3}"
        "</main></body></html>\n",
        title_, style_sheet(), page_style, body_);
}

Table facts(std::vector<std::pair<std::string, std::string>> const& pairs) {
    Table table{{{"", Align::left}, {"", Align::left}}, {}};
    for (auto const& [name, value] : pairs) table.rows.push_back({name, value});
    return table;
}

}  // namespace tessera::report
