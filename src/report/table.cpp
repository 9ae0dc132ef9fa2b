#include "markup.hpp"
#include "svg.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <tessera/base/files.hpp>
#include <tessera/report/table.hpp>

namespace tessera::report {

namespace {

std::string const& cell(std::vector<std::string> const& row, std::size_t column) {
    static std::string const empty;
    return column < row.size() ? row[column] : empty;
}

std::string padded(std::string const& text, std::size_t width, Align align) {
    std::string const blanks(width - std::min(width, character_count(text)), ' ');
    return align == Align::left ? text + blanks : blanks + text;
}

std::string text_line(Table const& table, std::vector<std::string> const& row,
                      std::vector<std::size_t> const& widths) {
    std::string line;
    for (std::size_t i = 0; i < widths.size(); ++i) {
        if (i > 0) line += "  ";
        line += padded(base::printable(cell(row, i)), widths[i], table.columns[i].align);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line + "\n";
}

std::string html_cells(Table const& table, std::vector<std::string> const& row,
                       std::string_view tag) {
    std::string html;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        auto const* side = table.columns[i].align == Align::right ? R"( class="right")" : "";
        html += fmt::format("<{0}{1}>{2}</{0}>", tag, side, escaped(cell(row, i)));
    }
    return html;
}

std::vector<std::string> head(Table const& table) {
    std::vector<std::string> names;
    for (auto const& column : table.columns) names.push_back(column.name);
    return names;
}

}  // namespace

std::string to_text(Table const& table) {
    std::vector<std::size_t> widths;
    std::vector<std::string> rule;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        auto width = character_count(base::printable(table.columns[i].name));
        for (auto const& row : table.rows) {
            width = std::max(width, character_count(base::printable(cell(row, i))));
        }
        widths.push_back(width);
        rule.emplace_back(width, '-');
    }
    auto text = text_line(table, head(table), widths) + text_line(table, rule, widths);
    for (auto const& row : table.rows) text += text_line(table, row, widths);
    return text;
}

std::string to_html(Table const& table) {
    auto html =
        "<table><thead><tr>" + html_cells(table, head(table), "th") + "</tr></thead>\n<tbody>\n";
    for (auto const& row : table.rows) html += "<tr>" + html_cells(table, row, "td") + "</tr>\n";
    return html + "</tbody></table>\n";
}

std::string number(double value, int decimals) {
    return std::isfinite(value) ? fmt::format("{:.{}f}", value, decimals) : "\u2013";
}

std::string grouped(unsigned long long count) {
    auto const digits = fmt::format("{}", count);
    std::string text;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
        text += digits[i];
    }
    return text;
}

}  // namespace tessera::report
