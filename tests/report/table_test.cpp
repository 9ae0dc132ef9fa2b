#include <cmath>

#include <gtest/gtest.h>

#include <tessera/report/table.hpp>

namespace tessera::report {
namespace {

Table scores() {
    return {{{"model", Align::left}, {"macro-F1"}},
            {{"net", "0.91"}, {"na\u00efve <b>", "0.5"}, {"x"}}};
}

TEST(Table, AlignsColumnsByCharacters) {
    EXPECT_EQ(to_text(scores()),
              "model      macro-F1\n"
              "---------  --------\n"
              "net            0.91\n"
              "na\u00efve <b>       0.5\n"
              "x\n");
}

TEST(Table, EscapesCellsOfAPage) {
    EXPECT_EQ(to_html(scores()),
              "<table><thead><tr><th>model</th><th class=\"right\">macro-F1</th></tr></thead>\n"
              "<tbody>\n<tr><td>net</td><td class=\"right\">0.91</td></tr>\n"
              "<tr><td>na\u00efve &lt;b&gt;</td><td class=\"right\">0.5</td></tr>\n"
              "<tr><td>x</td><td class=\"right\"></td></tr>\n</tbody></table>\n");
}

TEST(Table, WritesNumbers) {
    EXPECT_EQ(number(0.12345), "0.123");
    EXPECT_EQ(number(std::nan("")), "\u2013");
    EXPECT_EQ(grouped(0), "0");
    EXPECT_EQ(grouped(999), "999");
    EXPECT_EQ(grouped(1'234'567), "1,234,567");
}

}  // namespace
}  // namespace tessera::report
