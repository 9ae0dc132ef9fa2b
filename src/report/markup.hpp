#pragma once

#include <string>
#include <string_view>

namespace tessera::report {

/// `text` as character data or an attribute value of XML and HTML: markup characters become
/// entities, control characters and invalid UTF-8 become \xNN. Names in a page come from strangers.
std::string escaped(std::string_view text);

/// A coordinate in a picture: at most two decimals, no trailing zeros.
std::string coordinate(double value);

/// Style rules shared by pages and pictures: colours as CSS variables for light and dark, and the
/// classes of the charts. A reader's `prefers-color-scheme` decides.
std::string_view style_sheet();

}  // namespace tessera::report
