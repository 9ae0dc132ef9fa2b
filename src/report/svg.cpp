#include "svg.hpp"

#include "markup.hpp"

#include <fmt/format.h>

namespace tessera::report {

namespace {

bool continues_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

}  // namespace

void Svg::line(double x1, double y1, double x2, double y2, std::string_view classes) {
    body_ += fmt::format(R"(<line x1="{}" y1="{}" x2="{}" y2="{}" class="{}"/>)", coordinate(x1),
                         coordinate(y1), coordinate(x2), coordinate(y2), classes);
}

void Svg::rectangle(double x, double y, double width, double height, std::string_view classes,
                    double opacity) {
    body_ += fmt::format(R"(<rect x="{}" y="{}" width="{}" height="{}" class="{}")", coordinate(x),
                         coordinate(y), coordinate(width), coordinate(height), classes);
    if (opacity < 1) body_ += fmt::format(R"( fill-opacity="{}")", coordinate(opacity));
    body_ += "/>";
}

void Svg::text(double x, double y, std::string_view words, std::string_view classes) {
    body_ += fmt::format(R"(<text x="{}" y="{}" class="{}">{}</text>)", coordinate(x),
                         coordinate(y), classes, escaped(words));
}

void Svg::slanted_text(double x, double y, std::string_view words, std::string_view classes) {
    constexpr auto* form =
        R"svg(<text transform="translate({} {}) rotate(-45)" class="{}">{}</text>)svg";
    body_ += fmt::format(form, coordinate(x), coordinate(y), classes, escaped(words));
}

void Svg::path(std::string_view commands, std::string_view classes, std::string_view dashes) {
    body_ += fmt::format(R"(<path d="{}" class="{}")", commands, classes);
    if (!dashes.empty()) body_ += fmt::format(R"( stroke-dasharray="{}")", dashes);
    body_ += "/>";
}

void Svg::open_group(double x, double y) {
    body_ += fmt::format(R"svg(<g transform="translate({} {})">)svg", coordinate(x), coordinate(y));
}

void Svg::open_hint(std::string_view hint) {
    body_ += fmt::format("<g><title>{}</title>", escaped(hint));
}

void Svg::close() {
    body_ += "</g>\n";
}

// The natural width and height let a page shrink a picture, but never blow it up.
std::string Svg::document(double width, double height, std::string_view title) const {
    return fmt::format(
        R"(<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 {0} {1}" )"
        R"(width="{0}" height="{1}" role="img" aria-label="{2}"><style>{3}</style>)"
        "\n{4}</svg>\n",
        coordinate(width), coordinate(height), escaped(title), style_sheet(), body_);
}

std::string shortened(std::string_view name, std::size_t limit) {
    if (character_count(name) <= limit) return std::string(name);
    std::size_t at = 0;
    for (std::size_t kept = 0; at < name.size(); ++at) {
        if (continues_character(name[at])) continue;
        if (++kept == limit) break;
    }
    return std::string(name.substr(0, at)) + "\u2026";
}

std::size_t character_count(std::string_view text) {
    std::size_t count = 0;
    for (char const c : text) count += continues_character(c) ? 0U : 1U;
    return count;
}

}  // namespace tessera::report
