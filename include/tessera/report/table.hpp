#pragma once

#include <string>
#include <vector>

namespace tessera::report {

enum class Align { left, right };

struct Column {
    std::string name;
    Align align = Align::right;
};

/// Rows of cells, one text a column. The same table serves terminal and page, so that they agree.
struct Table {
    std::vector<Column> columns;
    std::vector<std::vector<std::string>> rows;
};

/// Lines of equal columns for a terminal, two blanks between columns, a rule under the head; widths
/// count characters. Control characters are made visible.
std::string to_text(Table const& table);

/// A `<table>` element, text escaped.
std::string to_html(Table const& table);

/// A value with fixed decimals; a dash when it is not finite.
std::string number(double value, int decimals = 3);

/// A count with a comma every three digits.
std::string grouped(unsigned long long count);

}  // namespace tessera::report
